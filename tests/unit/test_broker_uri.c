/* Broker URIs: host, encryption, and which hosts need a resolver. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "broker_uri.h"

typedef struct example {
  const char *text, *host;
  bool numeric, tls;
} example_t;

static void hosts_are_found_in_every_form(void **state) {
  static const example_t examples[] = {
      {"mqtt://127.0.0.1", "127.0.0.1", true, false},
      {"mqtt://127.0.0.1:1883", "127.0.0.1", true, false},
      {"tcp://10.0.0.1:1", "10.0.0.1", true, false},
      {"mqtts://broker.example:8883", "broker.example", false, true},
      {"ssl://broker.example", "broker.example", false, true},
      {"ws://broker.example:80/mqtt", "broker.example", false, false},
      {"wss://broker.example/mqtt", "broker.example", false, true},
      {"mqtt://[::1]:1883", "::1", true, false},
      {"mqtts://[fe80::1]", "fe80::1", true, true},
      {"mqtt://1.2.3.4.example", "1.2.3.4.example", false, false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
    vn_broker_uri_t uri;
    assert_true(vn_broker_uri_parse(examples[i].text, &uri));
    assert_string_equal(uri.host, examples[i].host);
    assert_int_equal(uri.numeric, examples[i].numeric);
    assert_int_equal(uri.tls, examples[i].tls);
  }
}

static void what_names_no_host_is_refused(void **state) {
  static const char *const texts[] = {
      "", "mqtt", "mqtt://", "mqtt://:1883", "http://host", "host:1883", "mqtt://[::1", "mqtt:///x",
  };
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    vn_broker_uri_t uri;
    assert_false(vn_broker_uri_parse(texts[i], &uri));
  }
}

static void the_longest_host_fits_and_one_more_byte_is_refused(void **state) {
  char text[VN_HOST_MAX + 16] = "mqtt://";
  (void)state;
  vn_broker_uri_t uri;
  memset(text + 7, 'a', VN_HOST_MAX - 1);
  assert_true(vn_broker_uri_parse(text, &uri));
  assert_int_equal(strlen(uri.host), VN_HOST_MAX - 1);
  text[7 + VN_HOST_MAX - 1] = 'a';
  assert_false(vn_broker_uri_parse(text, &uri));
}

static void an_address_needs_no_resolver(void **state) {
  (void)state;
  vn_broker_uri_t uri;
  assert_true(vn_broker_uri_parse("mqtt://192.0.2.1", &uri));
  assert_null(vn_broker_uri_resolve(&uri));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hosts_are_found_in_every_form),
      cmocka_unit_test(what_names_no_host_is_refused),
      cmocka_unit_test(the_longest_host_fits_and_one_more_byte_is_refused),
      cmocka_unit_test(an_address_needs_no_resolver),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
