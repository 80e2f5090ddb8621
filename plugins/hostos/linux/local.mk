# The Linux host backend.
