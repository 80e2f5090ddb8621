/* dsdt.h - the differentiated system description table for a board. */
#ifndef ABBEY_CORE_BOOT_DSDT_H
#define ABBEY_CORE_BOOT_DSDT_H

#include "core/boot/aml.h"
#include "core/boot/parts.h"

/* Appends the definition block, without the table header. false when it does not fit. */
bool dsdt_write(struct aml *aml, const struct boot_facts *facts);

#endif
