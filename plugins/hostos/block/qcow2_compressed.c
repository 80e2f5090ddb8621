/* qcow2_compressed.c - compressed clusters, which are read and never made. They are raw deflate streams that stand
 * anywhere in the file, in units of 512 bytes (spec, "Compressed Clusters Descriptor"). */
#include "qcow2.h"

#include <errno.h>

#ifdef HAVE_ZLIB
#include <zlib.h>
#endif

void compressed_place(const struct qcow2 *q, uint64_t entry, uint64_t *offset, uint32_t *bytes)
{
    uint32_t shift = 62 - (q->cluster_bits - 8);
    uint64_t sectors = (entry & ~(ENTRY_COPIED | ENTRY_COMPRESSED)) >> shift;
    *offset = entry & ((1ull << shift) - 1) & 0x00ffffffffffffffull;
    *bytes = (uint32_t)((sectors + 1) * 512 - (*offset & 511));
}

#ifdef HAVE_ZLIB
int compressed_read(struct image *image, uint64_t entry, uint8_t *to)
{
    struct qcow2 *q = qcow2_of(image);
    z_stream stream = { 0 };
    uint64_t offset;
    uint32_t bytes;
    compressed_place(q, entry, &offset, &bytes);
    if (bytes > 2 * q->cluster)
        return -EIO;
    int status = file_read(image->fd, offset, q->packed, bytes);
    if (status)
        return status;
    if (inflateInit2(&stream, -12) != Z_OK)
        return -ENOMEM;
    stream.next_in = q->packed;
    stream.avail_in = bytes;
    stream.next_out = to;
    stream.avail_out = q->cluster;
    int result = inflate(&stream, Z_FINISH);
    bool whole = stream.avail_out == 0 && (result == Z_STREAM_END || result == Z_BUF_ERROR);
    inflateEnd(&stream);
    return whole ? 0 : -EIO;
}
#else
int compressed_read(struct image *image, uint64_t entry, uint8_t *to)
{
    (void)image, (void)entry, (void)to;
    return -ENOTSUP;
}
#endif
