/* The device: capacities, state, summaries, topics. */
#include <string.h>

#include "build_priv.h"

#define MS_PER_DAY INT64_C(86400000)
#define MS_PER_MINUTE INT64_C(60000)
#define BYTES_PER_MESSAGE 256u /* what the queue and the outbox are planned with */

static uint32_t power_of_two(uint64_t least) {
  VN_ASSERT(least <= UINT64_C(1) << 31);
  uint32_t power = 64;
  while (power < least) {
    power *= 2;
  }
  return power;
}

static bool is_power_of_two(int64_t number) { return number > 0 && (number & (number - 1)) == 0; }

uint32_t vn__outbox_entries(uint32_t bytes) { return power_of_two(bytes / BYTES_PER_MESSAGE); }

static void build_capacity(vn__build_t *build, const vn__value_t *section) {
  vn__value_t values[VN__CAPACITY_KEYS];
  vn_plan_t *plan = &build->configuration->plan;
  if (!vn__read_section(build->loader, &vn__capacity_section, section->good ? section->node : NULL,
                        values)) {
    (void)vn__read_section(build->loader, &vn__capacity_section, NULL, values);
  }
  plan->series_max = (uint32_t)values[VN__CAPACITY_SERIES].number;
  plan->queue_messages = (uint32_t)values[VN__CAPACITY_INPUT_QUEUE].number;
  plan->name_max = (uint16_t)values[VN__CAPACITY_NAME].number;
  plan->message_max_bytes = (uint32_t)values[VN__CAPACITY_MESSAGE].number;
  plan->outbox_bytes = (uint32_t)values[VN__CAPACITY_OUTBOX].number;
  plan->outbox_entries = vn__outbox_entries(plan->outbox_bytes);
  build->outbox_given = values[VN__CAPACITY_OUTBOX].given;
  build->memory_bytes = (uint64_t)values[VN__CAPACITY_MEMORY].number;
  build->capacity_marks = (vn__capacity_marks_t){
      .memory = values[VN__CAPACITY_MEMORY].mark,
      .series = values[VN__CAPACITY_SERIES].mark,
      .queue = values[VN__CAPACITY_INPUT_QUEUE].mark,
      .outbox = values[VN__CAPACITY_OUTBOX].mark,
  };
  uint64_t queue = (uint64_t)plan->queue_messages * BYTES_PER_MESSAGE;
  uint64_t longest = (uint64_t)plan->message_max_bytes * 4;
  plan->queue_bytes = power_of_two(queue > longest ? queue : longest);
}

static void check_geometry(vn__loader_t *loader, const vn__value_t *size,
                           const vn__value_t flash[VN__FLASH_KEYS]) {
  int64_t block = flash[VN__FLASH_ERASE_BLOCK].number;
  int64_t unit = flash[VN__FLASH_PROGRAM_UNIT].number;
  if (!is_power_of_two(block)) {
    vn__error(loader, flash[VN__FLASH_ERASE_BLOCK].mark, "`erase_block` is no power of two");
  } else if (size->good && size->number % block != 0) {
    vn__error(loader, size->mark, "`size` is no multiple of the erase block of %s: use %s or %s",
              vn__size_text(loader, block), vn__size_text(loader, size->number / block * block),
              vn__size_text(loader, (size->number / block + 1) * block));
  } else if (size->good && size->number / block < 8) {
    vn__error(loader, size->mark, "`size` holds %lld erase blocks of %s: at least 8 are needed",
              (long long)(size->number / block), vn__size_text(loader, block));
  }
  if (!is_power_of_two(unit)) {
    vn__error(loader, flash[VN__FLASH_PROGRAM_UNIT].mark, "`program_unit` is no power of two");
  } else if (unit > block / 4) {
    vn__error(loader, flash[VN__FLASH_PROGRAM_UNIT].mark,
              "`program_unit` of %s is more than a quarter of the erase block of %s",
              vn__size_text(loader, unit), vn__size_text(loader, block));
  }
}

/* Large blocks suit SD cards and eMMC; the log wants many of them. */
static int64_t usual_erase_block(int64_t region_bytes) {
  int64_t block = 4096;
  while (block < 65536 && region_bytes / (block * 2) >= 64) {
    block *= 2;
  }
  return block;
}

static void read_flash(vn__build_t *build, const vn__value_t *section, const vn__value_t *size) {
  vn__value_t flash[VN__FLASH_KEYS];
  vn_plan_t *plan = &build->configuration->plan;
  bool good = vn__read_section(build->loader, &vn__flash_section,
                               section->good ? section->node : NULL, flash);
  if (!flash[VN__FLASH_ERASE_BLOCK].given) {
    flash[VN__FLASH_ERASE_BLOCK].number = usual_erase_block(size->number);
  }
  if (good) {
    check_geometry(build->loader, size, flash);
  }
  plan->erase_block_bytes = (uint32_t)flash[VN__FLASH_ERASE_BLOCK].number;
  plan->program_unit_bytes = (uint32_t)flash[VN__FLASH_PROGRAM_UNIT].number;
  plan->endurance_cycles = (uint32_t)flash[VN__FLASH_ENDURANCE].number;
  plan->scrub_every_ms = flash[VN__FLASH_SCRUB_EVERY].number;
  plan->lifetime_days = (uint32_t)(flash[VN__FLASH_LIFETIME].number / MS_PER_DAY);
  build->lifetime_mark = flash[VN__FLASH_LIFETIME].mark;
}

static uint64_t size_or_none(const vn__value_t *value) {
  return value->given && value->good ? (uint64_t)value->number : 0;
}

static void read_journal(vn__build_t *build, const vn__value_t values[VN__STATE_KEYS]) {
  vn_plan_t *plan = &build->configuration->plan;
  const vn__value_t *day = &values[VN__STATE_JOURNAL_PER_DAY];
  const vn__value_t *source = &values[VN__STATE_JOURNAL_PER_SOURCE];
  const vn__value_t *given = day->given ? day : source;
  plan->journal_day_bytes = size_or_none(day);
  plan->journal_source_day_bytes = size_or_none(source);
  build->journal_mark = day->mark;
  if (given->given && plan->durability != VN_DURABILITY_JOURNAL) {
    vn__warning(build->loader, given->mark,
                "`%s` is not used: `durability` is not `journal`, and messages write nothing",
                day->given ? "journal_per_day" : "journal_per_source");
  }
  if (plan->journal_day_bytes > 0 && plan->journal_source_day_bytes > plan->journal_day_bytes) {
    vn__error(build->loader, source->mark,
              "`journal_per_source` is more than the `journal_per_day` of %s",
              vn__size_text(build->loader, day->number));
  }
}

static const char *text_or_none(const vn__value_t *value) {
  return value->given ? value->text : "";
}

static void build_state(vn__build_t *build, const vn__value_t *section) {
  vn__value_t values[VN__STATE_KEYS];
  vn_plan_t *plan = &build->configuration->plan;
  (void)vn__read_section(build->loader, &vn__state_section, section->good ? section->node : NULL,
                         values);
  const vn__value_t *file = &values[VN__STATE_FILE];
  const vn__value_t *durability = &values[VN__STATE_DURABILITY];
  read_flash(build, &values[VN__STATE_FLASH], &values[VN__STATE_SIZE]);
  plan->durability = file->given ? VN_DURABILITY_CHECKPOINT : VN_DURABILITY_VOLATILE;
  if (durability->given && durability->good) {
    plan->durability = (uint8_t)durability->number;
  }
  build->state_mark = values[VN__STATE_SIZE].mark;
  bool durable = plan->durability != VN_DURABILITY_VOLATILE;
  if (durable && !file->given) {
    vn__error(build->loader, durability->mark,
              "`durability: %s` needs `file` beside it: the file that holds the state",
              plan->durability == VN_DURABILITY_JOURNAL ? "journal" : "checkpoint");
  }
  read_journal(build, values);
  plan->checkpoint_every_ms = values[VN__STATE_CHECKPOINT_EVERY].number;
  plan->state_bytes = durable ? (uint64_t)values[VN__STATE_SIZE].number : 0;
  build->configuration->state_file = durable ? file->text : "";
  build->configuration->savepoint_file = text_or_none(&values[VN__STATE_SAVEPOINT]);
}

static bool read_length(vn__loader_t *loader, const vn__node_t *item, int64_t *out_ms) {
  const char *problem = vn__parse_duration(item->text, out_ms);
  if (problem == NULL && (*out_ms < 1000 || *out_ms > 366 * MS_PER_DAY)) {
    problem = "is not between 1s and 366d";
  }
  if (problem != NULL) {
    vn__error(loader, item->mark, "`coarsen`: %s %s", vn__quote(loader, item->text), problem);
  }
  return problem == NULL;
}

/* How many lengths the list has; 0: none, or something is told. */
static uint8_t read_lengths(vn__build_t *build, const vn__value_t *list) {
  vn_plan_t *plan = &build->configuration->plan;
  uint8_t count = 0;
  if (list->node->count > VN_COARSEN_MAX) {
    vn__error(build->loader, list->mark, "`coarsen` has more than %u lengths", VN_COARSEN_MAX);
    return 0;
  }
  for (const vn__node_t *item = list->node->child; item != NULL; item = item->next) {
    if (!read_length(build->loader, item, &plan->coarsen_ms[count])) {
      return 0;
    }
    if (count > 0 && plan->coarsen_ms[count] <= plan->coarsen_ms[count - 1]) {
      vn__error(build->loader, item->mark, "`coarsen`: the lengths must ascend");
      return 0;
    }
    count++;
  }
  return count;
}

static void build_ladder(vn__build_t *build, const vn__value_t *list) {
  vn_plan_t *plan = &build->configuration->plan;
  bool cbor = plan->encoding == VN_ENCODING_CBOR || plan->encoding == VN_ENCODING_CBOR_NAMED;
  uint8_t count = 2;
  if (list->given) {
    count = list->good ? read_lengths(build, list) : 0;
  } else {
    plan->coarsen_ms[0] = 5 * MS_PER_MINUTE;
    plan->coarsen_ms[1] = 60 * MS_PER_MINUTE;
  }
  plan->coarsen_count = cbor ? count : 0;
  if (!cbor && list->given && count > 0) {
    vn__warning(build->loader, list->mark,
                "`coarsen` is for CBOR: with this `encoding` results are dropped when the outbox "
                "is full");
  }
}

/* Home Assistant reads no CBOR: what it is told of needs `latest`. */
static void build_summaries(vn__build_t *build, const vn__value_t *section) {
  vn__value_t values[VN__SUMMARIES_KEYS];
  vn_plan_t *plan = &build->configuration->plan;
  (void)vn__read_section(build->loader, &vn__summaries_section,
                         section->good ? section->node : NULL, values);
  plan->encoding = (uint8_t)values[VN__SUMMARIES_ENCODING].number;
  plan->batch_max = (uint16_t)values[VN__SUMMARIES_BATCH].number;
  plan->flush_every_ms = values[VN__SUMMARIES_FLUSH_EVERY].number;
  build_ladder(build, &values[VN__SUMMARIES_COARSEN]);
  const vn__value_t *latest = &values[VN__SUMMARIES_LATEST];
  bool discovery = build->configuration->discovery_prefix[0] != '\0';
  build->configuration->latest = latest->given ? latest->number != 0 : discovery;
}

/* A prefix is some levels of a topic that nobody else's rules get in the way of. */
static const char *prefix_problem(const char *prefix) {
  static const char allowed[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/";
  size_t length = strlen(prefix);
  if (prefix[0] == '$') {
    return "starts with $: those topics belong to the broker";
  }
  if (strspn(prefix, allowed) != length) {
    return "holds a character that is no letter, digit, `.`, `_`, `-` or `/`";
  }
  if (prefix[0] == '/' || prefix[length - 1] == '/' || strstr(prefix, "//") != NULL) {
    return "has an empty level: no / at the ends, no // inside";
  }
  return NULL;
}

static const char *build_prefix(vn__build_t *build, const vn__value_t *prefix) {
  const char *problem = prefix->good ? prefix_problem(prefix->text) : NULL;
  if (problem != NULL) {
    vn__error(build->loader, prefix->mark, "`prefix`: %s %s",
              vn__quote(build->loader, vn__text(prefix->text)), problem);
  }
  return prefix->text;
}

static void build_topics(vn__build_t *build, const vn__value_t *section) {
  vn__value_t values[VN__TOPICS_KEYS];
  (void)vn__read_section(build->loader, &vn__topics_section, section->good ? section->node : NULL,
                         values);
  build->configuration->plan.prefix = build_prefix(build, &values[VN__TOPICS_PREFIX]);
}

static void build_homeassistant(vn__build_t *build, const vn__value_t *section) {
  vn__value_t values[VN__HOMEASSISTANT_KEYS];
  vn_configuration_t *configuration = build->configuration;
  (void)vn__read_section(build->loader, &vn__homeassistant_section,
                         section->good ? section->node : NULL, values);
  const char *prefix = build_prefix(build, &values[VN__HOMEASSISTANT_PREFIX]);
  bool discovery = values[VN__HOMEASSISTANT_DISCOVERY].number != 0;
  configuration->discovery_prefix = discovery ? prefix : "";
}

static void build_commands(vn__build_t *build, const vn__value_t *section) {
  vn__value_t values[VN__COMMANDS_KEYS];
  (void)vn__read_section(build->loader, &vn__commands_section, section->good ? section->node : NULL,
                         values);
  build->configuration->plan.commands = values[VN__COMMANDS_ENABLED].number != 0;
}

void vn__build_device(vn__build_t *build, const vn__value_t root[VN__ROOT_KEYS]) {
  vn_configuration_t *configuration = build->configuration;
  configuration->plan.device = root[VN__ROOT_DEVICE].text;
  configuration->stats_every_ms = root[VN__ROOT_STATS_EVERY].number;
  build_topics(build, &root[VN__ROOT_TOPICS]);
  build_homeassistant(build, &root[VN__ROOT_HOMEASSISTANT]);
  build_commands(build, &root[VN__ROOT_COMMANDS]);
  build_summaries(build, &root[VN__ROOT_SUMMARIES]);
  vn__build_limit(build->loader, &root[VN__ROOT_LIMIT], &configuration->plan.limit);
  build_capacity(build, &root[VN__ROOT_CAPACITY]);
  build_state(build, &root[VN__ROOT_STATE]);
}
