#include "broker_uri.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

typedef struct scheme {
  const char *text;
  bool tls;
} scheme_t;

static const scheme_t schemes[] = {
    {"mqtt://", false}, {"tcp://", false}, {"ws://", false},
    {"mqtts://", true}, {"ssl://", true},  {"wss://", true},
};

static const char *behind_scheme(const char *text, bool *tls) {
  for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
    size_t length = strlen(schemes[i].text);
    if (strncmp(text, schemes[i].text, length) == 0) {
      *tls = schemes[i].tls;
      return text + length;
    }
  }
  return NULL;
}

bool vn_broker_uri_parse(const char *text, vn_broker_uri_t *out) {
  const char *host = behind_scheme(text, &out->tls);
  if (host == NULL) {
    return false;
  }
  bool bracketed = host[0] == '[';
  host += bracketed ? 1 : 0;
  size_t length = strcspn(host, bracketed ? "]" : ":/");
  if (length == 0 || length >= sizeof out->host || (bracketed && host[length] != ']')) {
    return false;
  }
  memcpy(out->host, host, length);
  out->host[length] = '\0';
  unsigned char address[sizeof(struct in6_addr)];
  out->numeric =
      inet_pton(AF_INET, out->host, address) == 1 || inet_pton(AF_INET6, out->host, address) == 1;
  return true;
}

const char *vn_broker_uri_resolve(const vn_broker_uri_t *uri) {
  if (uri->numeric) {
    return NULL;
  }
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
  struct addrinfo *found = NULL;
  int error = getaddrinfo(uri->host, NULL, &hints, &found);
  if (error != 0) {
    return gai_strerror(error);
  }
  freeaddrinfo(found);
  return NULL;
}
