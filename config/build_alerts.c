/* Alerts of a pipeline, its evidence, and what holds for the alerts of all pipelines. */
#include <string.h>

#include "build_alerts_priv.h"

/* The name of what tells a flood is taken once there can be one. */
static void check_name(const vn__alert_build_t *at) {
  const vn_plan_t *plan = &at->build->configuration->plan;
  if (plan->flood.readings > 0 && strcmp(at->alert->name, "flood") == 0) {
    vn__error(at->loader, at->values[VN__ALERT_NAME].mark,
              "`name`: `flood` is the alert that tells a flood (`alerts.flood`): choose another");
  }
}

static void build_alert(const vn__alert_build_t *at) {
  vn_alert_plan_t *alert = at->alert;
  const vn__value_t *values = at->values;
  alert->name = values[VN__ALERT_NAME].text;
  alert->severity = values[VN__ALERT_SEVERITY].text;
  alert->labels = vn__build_texts(at->loader, "labels", &values[VN__ALERT_LABELS]);
  alert->annotations = vn__build_texts(at->loader, "annotations", &values[VN__ALERT_ANNOTATIONS]);
  check_name(at);
  vn__build_condition(at);
  vn__build_verdict(at);
}

void vn__build_alerts(vn__build_t *build, vn_pipeline_t *pipeline, const vn__value_t *list,
                      vn__pipeline_marks_t *marks) {
  if (!list->good) {
    return;
  }
  vn__loader_t *loader = build->loader;
  uint32_t count = list->node->count;
  VN_ASSERT(count <= VN_ALERTS_MAX);
  vn_alert_plan_t *alerts = vn__arena_take(&loader->arena, count * sizeof(*alerts));
  vn__value_t names[VN_ALERTS_MAX];
  vn__relations_t relations[VN_ALERTS_MAX];
  uint32_t index = 0;
  for (const vn__node_t *item = list->node->child; item != NULL; item = item->next) {
    vn__value_t values[VN__ALERT_KEYS];
    vn__alert_build_t at = {build, loader, pipeline, values, &alerts[index], item->mark};
    (void)vn__read_section(loader, &vn__alert_section, item, values);
    marks->alerts[index] = item->mark;
    names[index] = values[VN__ALERT_NAME];
    relations[index] = (vn__relations_t){values[VN__ALERT_AFTER], values[VN__ALERT_INHIBITED_BY]};
    build_alert(&at);
    vn__check_duplicate(loader, "alert", names, index);
    index++;
  }
  vn__build_relations(loader, alerts, relations, count);
  pipeline->alerts = alerts;
  pipeline->alert_count = (uint8_t)count;
}

void vn__build_evidence(vn__loader_t *loader, vn_pipeline_t *pipeline, const vn__value_t *section) {
  vn__value_t values[VN__EVIDENCE_KEYS];
  if (!section->given || !section->good ||
      !vn__read_section(loader, &vn__evidence_section, section->node, values)) {
    return;
  }
  unsigned before = (unsigned)values[VN__EVIDENCE_BEFORE].number;
  unsigned after = (unsigned)values[VN__EVIDENCE_AFTER].number;
  if (before + after > VN_EVIDENCE_MAX) {
    vn__error(loader, section->mark,
              "`evidence`: %u readings, `before` and `after` together: at "
              "most %u",
              before + after, VN_EVIDENCE_MAX);
  }
  if (pipeline->alert_count == 0) {
    vn__error(loader, section->key_mark,
              "`evidence` does nothing: the pipeline has no alerts; leave it out");
  }
  pipeline->evidence = (vn_evidence_t){.bytes = (uint16_t)values[VN__EVIDENCE_BYTES].number,
                                       .before = (uint8_t)before,
                                       .after = (uint8_t)after};
}

void vn__build_alerting(vn__build_t *build, const vn__value_t *section) {
  vn__loader_t *loader = build->loader;
  vn__value_t values[VN__ALERTS_KEYS], flood[VN__FLOOD_KEYS];
  if (!section->given || !section->good ||
      !vn__read_section(loader, &vn__alerts_section, section->node, values)) {
    return;
  }
  const vn__value_t *given = &values[VN__ALERTS_FLOOD];
  if (!given->given) {
    vn__error(loader, section->mark,
              "`alerts` is empty: add `flood: {alerts: 20, per: 1m}`, or leave it out");
  } else if (vn__read_section(loader, &vn__flood_section, given->node, flood)) {
    uint32_t alerts = (uint32_t)flood[VN__FLOOD_ALERTS].number;
    build->configuration->plan.flood =
        (vn_rate_t){alerts, (uint32_t)flood[VN__FLOOD_PER].number, alerts};
  }
}
