/*
 * A plugin of QEMU: instructions between two places of an image, each time that it comes by.
 *
 *   -plugin count.so,end=0x194,NAME=0x120,NAME=0x140
 *
 * prints "NAME times fewest most sum" for each NAME, from its address to that of the end. Numbers
 * are the same in every run: the emulator has no other sense of time. Debian has no header for
 * plugins: what is used of version 1 of the interface is declared here.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

enum { INLINE_ADD_U64 = 0, NO_REGISTERS = 0, PLACES_MAX = 8 };

extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id_t id,
                                                  void (*callback)(plugin_id_t,
                                                                   struct qemu_plugin_tb *));
extern void qemu_plugin_register_atexit_cb(plugin_id_t id, void (*callback)(plugin_id_t, void *),
                                           void *context);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb,
                                                        size_t index);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
extern void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int operation,
                                                       void *counter, uint64_t amount);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                                   void (*callback)(unsigned, void *), int flags,
                                                   void *context);

int qemu_plugin_version = 1;
int qemu_plugin_install(plugin_id_t id, const void *info, int argc, char **argv);

typedef struct place {
  const char *name;
  uint64_t address, times, fewest, most, sum;
} place_t;

static place_t places[PLACES_MAX];
static size_t place_count;
static place_t *open_place;
static uint64_t end_address, executed, executed_before;

static void begin(unsigned cpu, void *context) {
  (void)cpu;
  open_place = context;
  executed_before = executed;
}

static void end(unsigned cpu, void *context) {
  (void)cpu;
  (void)context;
  if (open_place == NULL) {
    return;
  }
  uint64_t spent = executed - executed_before;
  place_t *place = open_place;
  open_place = NULL;
  place->fewest = place->times == 0 || spent < place->fewest ? spent : place->fewest;
  place->most = spent > place->most ? spent : place->most;
  place->sum += spent;
  place->times++;
}

static void translated(plugin_id_t id, struct qemu_plugin_tb *tb) {
  (void)id;
  size_t count = qemu_plugin_tb_n_insns(tb);
  for (size_t i = 0; i < count; i++) {
    struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
    uint64_t address = qemu_plugin_insn_vaddr(insn);
    for (size_t k = 0; k < place_count; k++) {
      if (address == places[k].address) {
        qemu_plugin_register_vcpu_insn_exec_cb(insn, begin, NO_REGISTERS, &places[k]);
      }
    }
    if (address == end_address) {
      qemu_plugin_register_vcpu_insn_exec_cb(insn, end, NO_REGISTERS, NULL);
    }
    qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64, &executed, 1);
  }
}

static void finished(plugin_id_t id, void *context) {
  (void)id;
  (void)context;
  for (size_t i = 0; i < place_count; i++) {
    const place_t *place = &places[i];
    (void)fprintf(stderr, "%s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", place->name,
                  place->times, place->fewest, place->most, place->sum);
  }
}

int qemu_plugin_install(plugin_id_t id, const void *info, int argc, char **argv) {
  (void)info;
  for (int i = 0; i < argc; i++) {
    char *value = strchr(argv[i], '=');
    if (value == NULL || place_count == PLACES_MAX) {
      return -1;
    }
    uint64_t address = strtoull(value + 1, NULL, 0);
    if (strncmp(argv[i], "end=", 4) == 0) {
      end_address = address;
    } else {
      char *name = strdup(argv[i]);
      if (name == NULL) {
        return -1;
      }
      name[value - argv[i]] = '\0';
      places[place_count++] = (place_t){.name = name, .address = address};
    }
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_atexit_cb(id, finished, NULL);
  return 0;
}
