/* placement.c - which partition an output goes to (DESIGN §2): its input's, its tenant's, or its key's. */
#include "run/chain_internal.h"

#include "base/failpoint.h"

static int by_tenant(const void *a, const void *b)
{
    return cx_str_cmp(((const struct cx_placed *)a)->tenant, ((const struct cx_placed *)b)->tenant);
}

int cx_placement_read(struct cx_chain *chain, const struct cx_node *root, struct cx_error *err)
{
    const struct cx_node *map = cx_node_get(root, "placement");
    if (!map || map->type == CX_NODE_NULL)
        return 0;
    if (map->type != CX_NODE_MAP)
        return cx_node_fail(map, err, "placement is a map from tenant to partition");
    chain->placed = CX_NEW_ARRAY(chain->arena, struct cx_placed, map->count + 1);
    for (const struct cx_node *n = map->first; n; n = n->next) {
        int64_t partition;
        CX_TRY(cx_node_i64(n, 0, INT32_MAX, &partition, err));
        chain->placed[chain->placed_count++] = (struct cx_placed){ n->key, (int32_t)partition };
    }
    qsort(chain->placed, chain->placed_count, sizeof *chain->placed, by_tenant);
    return 0;
}

static int32_t place_by_tenant(const struct cx_chain *chain, struct cx_str tenant, int32_t partitions)
{
    struct cx_placed wanted = { tenant, 0 };
    const struct cx_placed *found =
        chain->placed_count ? bsearch(&wanted, chain->placed, chain->placed_count, sizeof *chain->placed, by_tenant) : NULL;
    if (!found)
        return cx_murmur2_partition(tenant, partitions);
    return found->partition < partitions ? found->partition : -1;
}

int32_t cx_chain_place(const struct cx_chain *chain, const struct cx_output *output, int32_t source, int32_t partitions)
{
    switch (output->topic->placement) {
    case CX_PLACE_SOURCE:
        return source;
    case CX_PLACE_TENANT:
        if (cx_failpoint_bug(CX_BUG_WRONG_PARTITIONER))
            return (int32_t)(output->value.len % (size_t)partitions);
        return place_by_tenant(chain, output->tenant, partitions);
    case CX_PLACE_KEY:
        return cx_murmur2_partition(output->key, partitions);
    case CX_PLACE_SOURCE_MOD:
    case CX_PLACE_ANY:
        break;
    }
    return source % partitions;
}
