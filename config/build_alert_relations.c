/* What alerts say of each other: one comes after another, one mutes another. */
#include "build_alerts_priv.h"

const char *vn__suggest_name(vn__loader_t *loader, vn_text_t name, const char *const *names,
                             uint32_t count, const char *none) {
  const char *best = NULL;
  const char *all = "";
  unsigned distance = 3;
  for (uint32_t i = 0; i < count; i++) {
    unsigned own = vn__edit_distance(name, names[i], 2);
    if (own < distance) {
      best = names[i];
      distance = own;
    }
    all = vn__format(loader, "%s%s%s", all, i == 0 ? "" : ", ", names[i]);
  }
  if (best != NULL) {
    return vn__format(loader, "; did you mean `%s`?", best);
  }
  return all[0] == '\0' ? none : vn__format(loader, "; the pipeline has %s", all);
}

/* The alerts of one pipeline. */
typedef struct family {
  vn__loader_t *loader;
  vn_alert_plan_t *alerts;
  uint32_t count;
} family_t;

/* The index of the alert that a key of alert `self` names; count: there is none, which is told. */
static uint32_t find(const family_t *family, uint32_t self, const char *key,
                     const vn__node_t *node) {
  const char *names[VN_ALERTS_MAX];
  uint32_t others = 0;
  for (uint32_t i = 0; i < family->count; i++) {
    bool same = vn__text_is(node->text, family->alerts[i].name);
    if (same && i != self) {
      return i;
    }
    if (same) {
      vn__error(family->loader, node->mark, "`%s` names the alert itself: name another one", key);
      return family->count;
    }
    if (i != self && family->alerts[i].name[0] != '\0') {
      names[others++] = family->alerts[i].name;
    }
  }
  vn__error(
      family->loader, node->mark, "`%s`: no alert %s in this pipeline%s", key,
      vn__quote(family->loader, node->text),
      vn__suggest_name(family->loader, node->text, names, others, "; the pipeline has no other"));
  return family->count;
}

static void build_after(const family_t *family, uint32_t self, const vn__value_t *after) {
  if (!after->given || !after->good || !family->alerts[self].rule.follows) {
    return;
  }
  uint32_t other = find(family, self, "after", after->node);
  if (other == family->count) {
    return;
  }
  if (other > self) {
    vn__error(family->loader, after->mark,
              "`after`: %s stands behind this alert: put it in front of it",
              vn__quote(family->loader, after->node->text));
  } else if (family->alerts[other].rule.condition == VN_ALERT_ABSENT_FOR) {
    vn__error(family->loader, after->mark,
              "`after`: %s is an absence, which is no evaluation: use an alert with another "
              "condition",
              vn__quote(family->loader, after->node->text));
  } else {
    family->alerts[self].follows = (uint8_t)other;
  }
}

static void build_inhibited(const family_t *family, uint32_t self, const vn__value_t *list) {
  if (!list->given || !list->good) {
    return;
  }
  if (list->node->count == 0) {
    vn__error(family->loader, list->mark,
              "`inhibited_by` is empty: name one at least, or leave the key out");
  }
  for (const vn__node_t *item = list->node->child; item != NULL; item = item->next) {
    uint32_t other = find(family, self, "inhibited_by", item);
    if (other == family->count) {
      continue;
    }
    uint16_t bit = (uint16_t)(1u << other);
    if ((family->alerts[self].inhibited_by & bit) != 0) {
      vn__error(family->loader, item->mark, "`inhibited_by`: %s is there twice",
                vn__quote(family->loader, item->text));
    }
    family->alerts[self].inhibited_by |= bit;
  }
}

/* Alerts that mute each other in a circle: once two of them fire, nobody is told of any. */
static void check_circles(const family_t *family, const vn__relations_t *relations) {
  uint16_t reach[VN_ALERTS_MAX];
  for (uint32_t i = 0; i < family->count; i++) {
    reach[i] = family->alerts[i].inhibited_by;
  }
  for (uint32_t through = 0; through < family->count; through++) {
    for (uint32_t i = 0; i < family->count; i++) {
      reach[i] = (uint16_t)((reach[i] >> through & 1) != 0 ? reach[i] | reach[through] : reach[i]);
    }
  }
  for (uint32_t i = 0; i < family->count; i++) {
    if ((reach[i] >> i & 1) != 0) {
      vn__error(family->loader, relations[i].inhibited_by.mark,
                "`inhibited_by`: %s mutes itself by way of others: alerts can't mute each other in "
                "a circle",
                vn__quote(family->loader, vn__text(family->alerts[i].name)));
      return;
    }
  }
}

void vn__build_relations(vn__loader_t *loader, vn_alert_plan_t *alerts,
                         const vn__relations_t *relations, uint32_t count) {
  family_t family = {loader, alerts, count};
  for (uint32_t i = 0; i < count; i++) {
    build_after(&family, i, &relations[i].after);
    build_inhibited(&family, i, &relations[i].inhibited_by);
  }
  check_circles(&family, relations);
}
