/* Broker URIs: which host they name, and whether that host can be found now. */
#ifndef VN_BROKER_URI_H
#define VN_BROKER_URI_H

#include <stdbool.h>
#include <stddef.h>

#define VN_HOST_MAX 254u

/* What a URI says. host without brackets. */
typedef struct vn_broker_uri {
  char host[VN_HOST_MAX];
  bool numeric; /* an address: nothing to resolve */
  bool tls;     /* mqtts:// ssl:// wss:// */
} vn_broker_uri_t;

/* False: no scheme that is known, no host, or a host that is too long. */
bool vn_broker_uri_parse(const char *text, vn_broker_uri_t *out);

/*
 * Asks the resolver; may take many seconds. Returns NULL when the name has an address, otherwise
 * why not (static text).
 */
const char *vn_broker_uri_resolve(const vn_broker_uri_t *uri);

#endif
