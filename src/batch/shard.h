/* Which share of the captures is whose. */
#ifndef LP_BATCH_SHARD_H
#define LP_BATCH_SHARD_H

/* The shard, from 1 to `shards`, that a path belongs to: by its bytes alone, so that it is the same
 * on every machine and in every version. */
unsigned lp_shard_of(const char *path, unsigned shards);

#endif
