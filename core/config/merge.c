/* merge.c - one machine laid over another.
 *
 *     base                                    over it                       gives
 *     com1: { device: ns16550, irq: 4 }       com1: { irq: 3 }              com1: { device: ns16550, irq: 3 }
 *     nic:  { device: pcnet, mac: "52:..." }  nic: { device: ne2000 }       nic: { device: ne2000 }
 *     cd0:  { device: ide-cd }                cd0: null                     cd0 is gone
 *
 * An entry keeps its place in the order of the base. What is removed stays in the tree as a null, which the checks
 * skip, so that a null that removes nothing can be told from one that does. */
#include "core/config/tree.h"

#include <string.h>

/* What an entry of a section says when it stands for itself. */
static const char *kind_key_of(const char *section)
{
    return !strcmp(section, "devices") ? "device" : !strcmp(section, "backends") ? "backend" : NULL;
}

static void member_replace(struct node *under, const struct node *over)
{
    struct node *next = under->next;
    bool removed = over->kind == NODE_NULL && under->kind != NODE_NULL;
    *under = *over;
    under->next = next;
    under->removed = removed;
    if (!under->first)
        under->last = &under->first;
}

/* `kind_key` is that of the members of these maps, or NULL. */
static void maps_merge(struct node *under, struct node *over, const char *kind_key, bool root)
{
    for (struct node *member = over->first, *next; member; member = next) {
        next = member->next;
        member->next = NULL;
        struct node *old = node_find(under, member->key);
        if (!old)
            node_append(under, member);
        else if (old->kind == NODE_MAP && member->kind == NODE_MAP && !(kind_key && node_find(member, kind_key)))
            maps_merge(old, member, root ? kind_key_of(member->key) : NULL, false);
        else
            member_replace(old, member);
    }
}

struct node *tree_merge(struct node *under, struct node *over)
{
    if (under->kind != NODE_MAP || over->kind != NODE_MAP)
        return over;
    maps_merge(under, over, NULL, true);
    return under;
}
