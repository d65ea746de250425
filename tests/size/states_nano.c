/* As states.c, for the nano runtime. */
#include "vn/nano.h"

#define SIZE_OF(type) char size_of_##type[sizeof(type)];

SIZE_OF(vn_nano_t)
SIZE_OF(vn_nano_series_t)
SIZE_OF(vn_nano_pane_t)
SIZE_OF(vn_nano_keep_t)
SIZE_OF(vn_member_t)
