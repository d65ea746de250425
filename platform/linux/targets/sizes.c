/* A symbol for each array of a store, as large as an entry, and one as large as an engine. */
#include "vn/store.h"

#define OWN(name, type, member, constant, count) char size_of_##member[sizeof(type)];
#define SAME(name, type, member, constant) char size_of_##member[sizeof(type)];
#define BYTES(name, member, constant, count) char size_of_##member[1];
VN_STORE_LIST(OWN, SAME, BYTES, unused)
char size_of_engine[sizeof(vn_engine_t)];
