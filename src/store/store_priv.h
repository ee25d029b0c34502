/* store_priv.h: what the files of this room share.
 */
#ifndef STORE_PRIV_H
#define STORE_PRIV_H

#include "store.h"

#include <gxt/limits.h>

/* ---- schema.c: keys, and values with their checksums ---- */

/* The first byte of a key; what follows is big-endian, so that LMDB's order is that of the numbers. */
enum tag {
    TAG_META = 'M',
    TAG_GENERATION = 'g', /* generation */
    TAG_DIR = 'b',        /* generation, chunk */
    TAG_CHECKPOINT = 'c', /* generation */
    TAG_GROUP = 'p',      /* generation, group: snapshots inside */
    TAG_CHUNK = 'd',      /* XXH3 of the bytes */
    TAG_STRING = 's',     /* id */
    TAG_STACK = 'k',      /* id */
    TAG_PLACES = 'l',     /* generation, chunk; as all lists */
    TAG_COUNTS = 'n',
    TAG_MEMBERS = 'r',
    TAG_STRING_TABLE = 'x',
    TAG_STACK_TABLE = 'y',
    TAG_FIRST = 'f',
    TAG_ENDED = 'e',
    TAG_LIVE = 'a',
    TAG_PIECE = 'o', /* generation, stream and number */
};

struct key {
    uint8_t at[13];
    uint8_t size;
};

struct key key_meta(void);
struct key key_of(enum tag tag, uint64_t number);
/* The number of a key_of(). */
uint64_t key_number(const struct key *key);
struct key key_chunk(enum tag tag, uint64_t generation, uint32_t chunk);
/* Return: whether there is such a piece. */
bool key_piece(uint64_t generation, unsigned stream, uint64_t number, struct key *ret);

/* How much goes into one value: what fills LMDB's overflow pages well. */
enum {
    CHUNK_BYTES = 16352, /* of a checkpoint, before packing */
    DIR_BATCHES = 1024,  /* in a chunk of a directory */
    LIST_ROWS = STORE_LIST_ROWS,
    CHECKSUM_BYTES = 8,
    PACK_MOST = GXT_MAX_VALUE_BYTES, /* of a packed value, unpacked */
};

/* How a snapshot's record begins. */
enum {
    SNAPSHOT_WHOLE,
    SNAPSHOT_CHUNKS
};

/* Ends a value: its checksum binds it to its key. */
void value_seal(struct buf *value, const struct key *key);
/* Whether a value is what was put under this key; takes the checksum off. */
bool value_proved(struct buf *value, const struct key *key);

void meta_encode(const struct store_meta *meta, struct buf *ret);
int meta_decode(const struct buf *value, struct store_meta *ret, struct gxt_error *fault);
void generation_encode(const struct store_generation *record, struct buf *ret);
bool generation_decode(const struct buf *value, struct store_generation *ret);
void dir_encode(const struct gen_dir *dir, size_t first, size_t n, struct buf *ret);
/* Adds a chunk's batches to a directory; the first chunk fills the rest of it, and @n_total. GXT_EINDEX; GXT_ENOMEM. */
int dir_decode(const struct buf *value, bool is_first, struct gen_dir *dir, uint64_t *n_total);
void stack_encode(const struct gxt_stack *stack, struct buf *ret);
bool stack_decode(const struct buf *value, struct store_frame *ret, size_t *ret_n);

/* Whether bytes hold the text with which a meta record begins. */
bool schema_is_ours(const void *bytes, size_t size);

/* ---- pages.c: LMDB's pages, read and checked one by one ---- */

/* A file of LMDB's, and one state of it. */
struct pages {
    int fd;
    uint64_t n_pages;    /* of the file, when the state was taken */
    uint64_t metas_hash; /* of both meta pages: which state */
    uint64_t last_page;
    uint64_t root, free_root; /* UINT64_MAX: an empty tree */
    uint64_t n_entries;
    unsigned depth, free_depth;
    uint64_t odd_meta; /* the meta page that is none; UINT64_MAX when both are */
};

/* Takes the newest state. 0; GXT_EINDEX when it is no file of LMDB's that this machine could have written; GXT_EIO. */
int pages_begin(struct pages *pages, int fd, struct gxt_error *fault);
/* Whether it is still the newest: only then is what was read since all of one state. */
bool pages_unmoved(const struct pages *pages);
/* Reads a key's value. 0; GXT_ENOENT; GXT_EINDEX; GXT_EIO; GXT_ENOMEM. */
int pages_get(const struct pages *pages, const struct key *key, struct buf *ret, struct gxt_error *fault);
/* Looks at every page of both trees, and, unless @ret_proved is NULL, at every record, counting them. 0; GXT_EINDEX;
 * GXT_EIO; GXT_ENOMEM. */
int pages_check(const struct pages *pages, uint64_t *ret_proved, struct gxt_error *fault);

/* ---- pack.c: values made smaller ---- */

enum {
    MOST_COLUMNS = 15,                  /* of a list */
    MOST_BLOCKS = 3 + 7 * MOST_COLUMNS, /* of a chunk of a list */
};

/* Where what belongs together ends in a chunk of a list: first what is not worth packing, then one after another. */
struct list_ends {
    size_t at[MOST_BLOCKS];
    size_t n;
};

/* What packing needs again and again. */
struct packer;

/* NULL without memory. */
struct packer *packer_new(void);
struct packer *packer_free(struct packer *packer);
/* Puts @size bytes, packed. */
void pack(struct packer *packer, const void *bytes, size_t size, struct buf *ret);
/* The same of a list's bytes, but for the first, which stay as they are. The others hardly say again what was said
 * before: what belongs together has a code of its own for its bytes, and repetitions are not sought, which takes half
 * the time and less room. */
void pack_list(struct packer *packer, const struct buf *bytes, const struct list_ends *ends, struct buf *ret);
/* Adds the bytes that were packed. 0; GXT_EINDEX; GXT_ENOMEM. */
int unpack(struct span in, struct buf *ret);

/* ---- list.c: rows of numbers ---- */

enum tag list_tag(enum store_list list);
size_t list_columns(enum store_list list);
/* Puts a chunk's rows in an empty buffer. */
void list_encode(enum store_list list, const void *rows, size_t n, struct buf *ret, struct list_ends *ret_ends);
/* Adds a chunk's rows, @ret_n of them. 0; GXT_EINDEX; GXT_ENOMEM. */
int list_decode(enum store_list list, const struct buf *bytes, struct store_rows *ret, size_t *ret_n);

/* Every how many rows one is looked at when it is chosen how a column is told. */
size_t list_sample_step(size_t n);

/* ---- bits.c: numbers, most of them small ---- */

enum {
    MOST_BITS = 56, /* of each: few numbers have more */
};

/* Columns of some rows that are told together. */
struct column {
    uint64_t *first; /* cell */
    size_t n, step;  /* rows, and cells from one to the next */
    size_t width;
};

static inline uint64_t *cell(const struct column *column, size_t row)
{
    return &column->first[row * column->step];
}

/* How a column is told. */
struct telling {
    unsigned unit;  /* the power of two: so many of a number's highest bits tell what is over */
    bool is_signed; /* zigzag */
    bool is_bytes;  /* bits stand as bytes, for packing */
    unsigned bits;  /* of each row */
};

/* A chunk of a list that is made. */
struct chunk {
    struct buf *bits;      /* what is not packed */
    struct buf bytes;      /* bits that are, … */
    struct list_ends ends; /* … with the ends of their blocks */
    struct buf tails, gaps;
    uint64_t told[LIST_ROWS]; /* numbers of the column at hand */
};

static inline uint64_t rotate_right(uint64_t number, unsigned by)
{
    return number >> by | number << (-by & 63);
}

static inline uint64_t rotate_left(uint64_t number, unsigned by)
{
    return rotate_right(number, -by & 63);
}

static inline uint64_t lowest(uint64_t number, unsigned bits)
{
    return number & ((UINT64_C(1) << bits) - 1);
}

/* Puts the numbers of a column that are told in a chunk, which overwrites them; fills in bits and is_bytes. */
void bits_put(struct chunk *chunk, size_t n, struct telling *telling);
/* Reads what stands of a column but for its tails. */
void bits_read(struct reader *in, const struct column *column, const struct telling *telling);
/* Adds what tails tell. */
void bits_read_tails(struct reader *in, struct reader *gaps, const struct column *column,
                     const struct telling *telling);

/* ---- the store ---- */

struct writer;

struct store {
    int fd;                /* of the file that is read */
    int old_fd;            /* of the one that it replaces, kept for its lock; -1 for none */
    struct writer *writer; /* NULL when open for reading */
};

/* ---- reader.c ---- */

/* The meta record of the newest state of a file. As store_meta(). */
int reader_meta(int fd, struct store_meta *ret, struct gxt_error *fault);
/* The bytes of a string's or a stack's record, proved. */
int reader_value(const struct store *store, const struct key *key, struct buf *ret, struct gxt_error *fault);

/* ---- draft.c ---- */

/* A record that waits for the commit: in the log its key, then its value. */
struct put {
    size_t at;
    uint32_t value_size;
    uint8_t key_size;
};

struct store_draft {
    struct buf log;
    struct put *puts;
    size_t n_puts, puts_capacity;
    struct map known;          /* names of content that is put, and what each names: KNOWN_… bits */
    const struct store *there; /* where other content may be, of the store's own draft; else NULL */
    struct buf value;          /* being made */
    struct buf raw;            /* what is to be packed in it */
    struct packer *packer;
};

/* What a name is known to name. */
enum {
    KNOWN_STRING = 1,
    KNOWN_STACK = 2,
    KNOWN_CHUNK = 4
};

/* 0; GXT_ENOMEM: then only draft_done() is left. */
int draft_init(struct store_draft *draft, const struct store *there);
void draft_done(struct store_draft *draft);
/* A value to be made; empty. */
struct buf *draft_value(struct store_draft *draft);
/* Seals the value that was made, and puts it. */
int draft_put(struct store_draft *draft, const struct key *key, struct gxt_error *fault);
/* The same under its content's name, unless it is there already. */
int draft_put_once(struct store_draft *draft, const struct key *key, uint32_t what, bool *ret_new,
                   struct gxt_error *fault);
bool draft_knows(const struct store_draft *draft, uint64_t name, uint32_t what);
bool draft_is_content(const struct store_draft *draft, const struct put *put);
/* As store_take(). */
int draft_take(struct store_draft *into, struct store_draft *from, struct gxt_error *fault);

/* ---- writer.c ---- */

/* Opens LMDB's environment on a file that is empty or was checked. @path: moved to @final_path with the first commit;
 * NULL: it stays. @there: the store where content may be that this process has not put; NULL: none is. */
int writer_open(const char *path, const char *final_path, const struct store *there, struct writer **ret,
                struct gxt_error *fault);
/* Has the move wait for the commit that completes it. */
void writer_wait(struct writer *writer);
struct writer *writer_close(struct writer *writer);

#endif
