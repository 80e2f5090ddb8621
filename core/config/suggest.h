/* suggest.h - the nearest valid name to one that a user mistyped. */
#ifndef ABBEY_CORE_CONFIG_SUGGEST_H
#define ABBEY_CORE_CONFIG_SUGGEST_H

/* Candidates are offered one by one; the nearest stays in `best`, NULL while none is near enough. */
struct suggestion {
    const char *wanted;
    const char *best;
    unsigned distance;
};

void suggest_offer(struct suggestion *suggestion, const char *candidate);
/* Offers each part of a comma-separated list; `room` holds the part that won. */
void suggest_offer_list(struct suggestion *suggestion, const char *list, char *room, unsigned room_bytes);

#endif
