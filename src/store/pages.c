/* pages.c
 *
 * In: a file that LMDB may have written, or anyone. Out: values by key. Never: trust in a number that the file has:
 * each is checked before it is used, and is read once, into memory of ours, so that it cannot change in between.
 *
 * LMDB checks no page that it walks over, and aborts or reads elsewhere when one is not as it left it. Readers here
 * walk the tree themselves, and before LMDB may write to a file every page of it is looked at. What stands where is
 * LMDB 0.9's:
 *
 *     page    number 8 | - 2 | flags 2 | lower 2, upper 2 (overflow: pages 4) | offsets of nodes, 2 each | nodes
 *     node    low 2 | high 2 | flags 2 | key size 2 | key | data: of low + high << 16 bytes, or, with BIG_DATA, a page
 *             number 8. In a branch, low, high and flags are the number of the page below
 *     meta    page header | magic 4 | version 4 | address 8 | map size 8 | free tree 48 | main tree 48 | last page 8 |
 *             txnid 8
 *     tree    page size or 0 4 | flags 2 | depth 2 | branch, leaf, overflow pages 8 each | entries 8 | root 8
 *
 * A reader takes no lock. What it reads is of one state if that state is the newest before and after: the pages of the
 * newest state are not written to before two newer ones are there.
 */
#include "store_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PAGE = 4096, /* bytes; other page sizes are refused */
    PAGE_HEADER = 16,
    NODE_HEADER = 8,
    MOST_DEPTH = 16,
    BRANCH = 0x01,
    LEAF = 0x02,
    OVERFLOW = 0x04,
    META = 0x08,
    BIG_DATA = 0x01,
    FREE_TREE_FLAGS = 0x4008, /* integer keys; and, kept there too, of the file: no folder of its own */
    /* of a meta page */
    AT_MAGIC = 16,
    AT_VERSION = 20,
    AT_FREE_TREE = 40,
    AT_MAIN_TREE = 88,
    AT_LAST_PAGE = 136,
    AT_TXNID = 144,
    META_BYTES = 152,
    METAS_BYTES = PAGE + META_BYTES, /* up to where the second one ends */
    /* of a tree */
    TREE_FLAGS = 4,
    TREE_DEPTH = 6,
    TREE_ENTRIES = 32,
    TREE_ROOT = 40,
};

#define LMDB_MAGIC UINT32_C(0xBEEFC0DE)
#define LMDB_VERSION 1
#define NO_PAGE UINT64_MAX

static uint64_t number(const uint8_t *at, size_t size)
{
    uint64_t value = 0;
    memcpy(&value, at, size); /* LMDB writes them as the machine has them; another byte order fails on the magic */
    return value;
}

#define U16(at) ((uint16_t)number(at, 2))
#define U32(at) ((uint32_t)number(at, 4))
#define U64(at) number(at, 8)

static int damaged(struct gxt_error *fault, uint64_t page)
{
    return fault_set(fault, GXT_EINDEX, GXT_NO_OFFSET, "page %" PRIu64 " of the index is damaged", page);
}

/* ---- bytes ---- */

/* All @size bytes or none: a file that is shorter is damaged. */
static int read_at(const struct pages *pages, void *ret, uint64_t size, uint64_t offset, struct gxt_error *fault)
{
    for (uint64_t done = 0; done < size;) {
        ssize_t n = pread(pages->fd, (char *)ret + done, (size_t)(size - done), (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fault_set_errno(fault, errno, "cannot read the index");
        if (n == 0)
            return damaged(fault, offset / PAGE);
        done += (uint64_t)n;
    }
    return 0;
}

/* One page of a tree, its own number and kind checked. */
static int read_page(const struct pages *pages, uint64_t page, uint8_t *ret, struct gxt_error *fault)
{
    if (page < 2 || page > pages->last_page || page >= pages->n_pages)
        return damaged(fault, page);
    int r = read_at(pages, ret, PAGE, page * PAGE, fault);
    if (r < 0)
        return r;
    uint16_t flags = U16(ret + 10), lower = U16(ret + 12), upper = U16(ret + 14);
    if (U64(ret) != page || (flags != BRANCH && flags != LEAF) || lower <= PAGE_HEADER || lower > upper ||
        upper > PAGE || lower % 2 != 0)
        return damaged(fault, page);
    return 0;
}

/* ---- states ---- */

static bool is_meta(const uint8_t *page)
{
    return (U16(page + 10) & META) != 0 && U32(page + AT_MAGIC) == LMDB_MAGIC &&
           U32(page + AT_VERSION) == LMDB_VERSION && U32(page + AT_FREE_TREE) == PAGE;
}

/* The newer of the two meta pages that are whole, or NULL. */
static const uint8_t *newest(const uint8_t metas[METAS_BYTES])
{
    const uint8_t *first = is_meta(metas) ? metas : NULL, *second = is_meta(metas + PAGE) ? metas + PAGE : NULL;

    if (!first || !second)
        return first ? first : second;
    return U64(first + AT_TXNID) >= U64(second + AT_TXNID) ? first : second;
}

/* What LMDB writes of them: the rest stays as it was made. */
static uint64_t hash_metas(const uint8_t metas[METAS_BYTES])
{
    return hash_bytes_seed(metas + PAGE, META_BYTES, hash_bytes(metas, META_BYTES));
}

static bool tree_fits(const uint8_t *tree, uint16_t flags)
{
    return U16(tree + TREE_FLAGS) == flags && U16(tree + TREE_DEPTH) <= MOST_DEPTH &&
           (U64(tree + TREE_ROOT) == NO_PAGE) == (U16(tree + TREE_DEPTH) == 0);
}

int pages_begin(struct pages *pages, int fd, struct gxt_error *fault)
{
    uint8_t metas[METAS_BYTES];
    struct stat status;

    *pages = (struct pages){.fd = fd, .n_pages = 2};
    int r = read_at(pages, metas, sizeof metas, 0, fault);
    if (r == GXT_EINDEX)
        return fault_set(fault, r, GXT_NO_OFFSET, "the file is no index of gxt");
    if (r < 0)
        return r;
    if (fstat(fd, &status) < 0) /* after the metas: what they speak of is there by then */
        return fault_set_errno(fault, errno, "cannot look at the index");
    pages->n_pages = (uint64_t)status.st_size / PAGE;
    const uint8_t *meta = newest(metas);
    if (!meta)
        return fault_set(fault, GXT_EINDEX, GXT_NO_OFFSET, "the file is no index of gxt");
    if (!tree_fits(meta + AT_FREE_TREE, FREE_TREE_FLAGS) || !tree_fits(meta + AT_MAIN_TREE, 0))
        return damaged(fault, (uint64_t)(meta - metas) / PAGE);
    pages->metas_hash = hash_metas(metas);
    pages->odd_meta = !is_meta(metas) ? 0 : !is_meta(metas + PAGE) ? 1 : NO_PAGE;
    pages->last_page = U64(meta + AT_LAST_PAGE);
    pages->root = U64(meta + AT_MAIN_TREE + TREE_ROOT);
    pages->depth = U16(meta + AT_MAIN_TREE + TREE_DEPTH);
    pages->n_entries = U64(meta + AT_MAIN_TREE + TREE_ENTRIES);
    pages->free_root = U64(meta + AT_FREE_TREE + TREE_ROOT);
    pages->free_depth = U16(meta + AT_FREE_TREE + TREE_DEPTH);
    return 0;
}

/* Both, as one may have been read while it was written. */
bool pages_unmoved(const struct pages *pages)
{
    uint8_t metas[METAS_BYTES];

    return read_at(pages, metas, sizeof metas, 0, NULL) == 0 && hash_metas(metas) == pages->metas_hash;
}

/* ---- nodes ---- */

struct node {
    const uint8_t *key, *data; /* in the page */
    uint32_t key_size;
    uint64_t data_size; /* of a leaf's data, wherever it is */
    uint64_t page;      /* below, or of the data */
    bool is_big;
};

static unsigned n_nodes(const uint8_t *page)
{
    return (unsigned)(U16(page + 12) - PAGE_HEADER) / 2;
}

/* Return: whether node @i lies within its page. */
static bool node_at(const uint8_t *page, unsigned i, struct node *ret)
{
    const bool is_leaf = U16(page + 10) == LEAF;
    unsigned at = U16(page + PAGE_HEADER + 2 * i);

    if (at < U16(page + 14) || at + NODE_HEADER > PAGE)
        return false;
    const uint8_t *node = page + at;
    uint64_t number32 = U32(node), room = PAGE - at - NODE_HEADER;
    uint16_t flags = U16(node + 4);
    *ret = (struct node){.key = node + NODE_HEADER, .key_size = U16(node + 6)};
    if (ret->key_size > room)
        return false;
    ret->data = ret->key + ret->key_size;
    room -= ret->key_size;
    if (!is_leaf) {
        ret->page = number32 | (uint64_t)flags << 32;
        return true;
    }
    ret->data_size = number32;
    ret->is_big = flags == BIG_DATA;
    if (flags != 0 && flags != BIG_DATA)
        return false;
    if (ret->is_big && room >= 8)
        ret->page = U64(ret->data);
    return ret->is_big ? room >= 8 : ret->data_size <= room;
}

/* As LMDB compares keys: bytes, then the shorter first. */
static int compare(const struct key *key, const struct node *node)
{
    size_t shorter = key->size < node->key_size ? key->size : node->key_size;
    int order = memcmp(key->at, node->key, shorter);
    return order != 0 ? order : (int)key->size - (int)node->key_size;
}

/* The last node whose key is at or before @key; in a branch the first node has none and is before all. -1: none is; -2:
 * the page is damaged. */
static int search(const uint8_t *page, const struct key *key, bool *ret_equal)
{
    const bool is_branch = U16(page + 10) == BRANCH;
    int low = is_branch ? 1 : 0, high = (int)n_nodes(page);
    struct node node;

    *ret_equal = false;
    while (low < high) {
        int middle = (low + high) / 2;
        if (!node_at(page, (unsigned)middle, &node))
            return -2;
        int order = compare(key, &node);
        if (order == 0) {
            *ret_equal = true;
            return middle;
        }
        if (order > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

static bool run_fits(const struct pages *pages, const uint8_t *header, uint64_t page, uint64_t size)
{
    uint64_t n = U32(header + 12), needed = (PAGE_HEADER + size + PAGE - 1) / PAGE;

    return U64(header) == page && U16(header + 10) == OVERFLOW && n >= needed && n <= pages->n_pages &&
           page <= pages->n_pages - n;
}

static int read_value(const struct pages *pages, const struct node *node, struct buf *ret, struct gxt_error *fault)
{
    ret->size = 0;
    if (!node->is_big) {
        buf_put(ret, node->data, (size_t)node->data_size);
        return ret->failed ? fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for a record") : 0;
    }
    uint8_t header[PAGE_HEADER];
    if (node->page < 2 || node->page >= pages->n_pages)
        return damaged(fault, node->page);
    int r = read_at(pages, header, sizeof header, node->page * PAGE, fault);
    if (r < 0)
        return r;
    if (!run_fits(pages, header, node->page, node->data_size))
        return damaged(fault, node->page);
    if (!buf_reserve(ret, (size_t)node->data_size))
        return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for a record");
    r = read_at(pages, ret->at, node->data_size, node->page * PAGE + PAGE_HEADER, fault);
    ret->size = r == 0 ? (size_t)node->data_size : 0;
    return r;
}

int pages_get(const struct pages *pages, const struct key *key, struct buf *ret, struct gxt_error *fault)
{
    uint8_t page[PAGE];
    uint64_t at = pages->root;
    struct node node;
    bool equal;

    for (unsigned depth = 1; depth <= pages->depth; depth++) {
        int r = read_page(pages, at, page, fault);
        if (r < 0)
            return r;
        const bool is_leaf = U16(page + 10) == LEAF;
        if (is_leaf != (depth == pages->depth))
            return damaged(fault, at);
        int i = search(page, key, &equal);
        if (i == -1 || (is_leaf && i >= 0 && !equal))
            break;
        if (i < 0 || !node_at(page, (unsigned)i, &node))
            return damaged(fault, at);
        if (is_leaf)
            return read_value(pages, &node, ret, fault);
        at = node.page;
    }
    return fault_set(fault, GXT_ENOENT, GXT_NO_OFFSET, "the index has no such record");
}

/* ---- the whole of it ---- */

struct check {
    const struct pages *pages;
    uint8_t *seen;    /* a bit for each page of the file: none is used twice */
    uint64_t *proved; /* records whose checksum was right; NULL: they are not looked at */
    struct gxt_error *fault;
};

static bool see(struct check *check, uint64_t page, uint64_t n)
{
    for (uint64_t i = page; i < page + n; i++) {
        if (check->seen[i / 8] >> i % 8 & 1)
            return false;
        check->seen[i / 8] |= (uint8_t)(1u << i % 8);
    }
    return true;
}

/* A record of the free tree: a count, and as many page numbers, falling. */
static bool is_free_list(const struct check *check, const struct node *node, const struct buf *value)
{
    uint64_t n = value->size >= 8 ? U64(value->at) : UINT64_MAX, last = check->pages->last_page + 1;

    if (node->key_size != 8 || value->size % 8 != 0 || n > value->size / 8 - 1)
        return false;
    for (uint64_t i = 1; i <= n; i++) {
        uint64_t page = U64(value->at + 8 * i);
        if (page < 2 || page >= last)
            return false;
        last = page;
    }
    return true;
}

/* Proves a record, where that is wished. */
static int prove(const struct check *check, const struct node *node, struct buf *value)
{
    struct key key = {.size = (uint8_t)node->key_size};

    if (!check->proved)
        return 0;
    if (node->key_size <= sizeof key.at)
        memcpy(key.at, node->key, node->key_size);
    if (node->key_size > sizeof key.at || !value_proved(value, &key))
        return fault_set(check->fault, GXT_EINDEX, GXT_NO_OFFSET, "a record of the index is damaged (%c)", key.at[0]);
    ++*check->proved;
    return 0;
}

static int check_leaf(struct check *check, const uint8_t *page, bool is_free_tree)
{
    struct node node;
    struct buf value = {0};
    int r = 0;

    for (unsigned i = 0; r == 0 && i < n_nodes(page); i++) {
        if (!node_at(page, i, &node) || node.key_size == 0) {
            r = damaged(check->fault, U64(page));
            break;
        }
        if (node.is_big || is_free_tree || check->proved)
            r = read_value(check->pages, &node, &value, check->fault);
        if (r == 0 && node.is_big && !see(check, node.page, (PAGE_HEADER + node.data_size + PAGE - 1) / PAGE))
            r = damaged(check->fault, node.page);
        if (r == 0 && is_free_tree && !is_free_list(check, &node, &value))
            r = damaged(check->fault, U64(page));
        if (r == 0 && !is_free_tree)
            r = prove(check, &node, &value);
    }
    buf_done(&value);
    return r;
}

static int check_page(struct check *check, uint64_t at, unsigned depth, bool is_free_tree)
{
    uint8_t page[PAGE];
    struct node node;

    int r = read_page(check->pages, at, page, check->fault);
    if (r < 0)
        return r;
    if (!see(check, at, 1) || (U16(page + 10) == LEAF) != (depth == 1) || (depth > 1 && n_nodes(page) < 2))
        return damaged(check->fault, at);
    if (depth == 1)
        return check_leaf(check, page, is_free_tree);
    for (unsigned i = 0; r == 0 && i < n_nodes(page); i++) {
        if (!node_at(page, i, &node))
            return damaged(check->fault, at);
        r = check_page(check, node.page, depth - 1, is_free_tree);
    }
    return r;
}

int pages_check(const struct pages *pages, uint64_t *ret_proved, struct gxt_error *fault)
{
    struct check check = {
        .pages = pages, .fault = fault, .proved = ret_proved, .seen = calloc((size_t)(pages->n_pages / 8 + 1), 1)};
    int r = 0;

    if (!check.seen)
        return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory to check the index");
    /* One is enough to read; LMDB goes by both, and by the first to find the second. */
    if (pages->odd_meta != NO_PAGE)
        r = damaged(fault, pages->odd_meta);
    /* Pages that a commit took and gave back need not have been written, a few. */
    if (r == 0 && pages->last_page > 2 * pages->n_pages + 1024)
        r = damaged(fault, 0);
    if (r == 0 && pages->depth > 0)
        r = check_page(&check, pages->root, pages->depth, false);
    if (r == 0 && pages->free_depth > 0)
        r = check_page(&check, pages->free_root, pages->free_depth, true);
    free(check.seen);
    return r;
}
