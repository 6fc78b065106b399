// Words of the list of what is overdue.
export const zh = {
  overdueTitle: "挂账",
  overdueTotal: (/** @type {number} */ n) => `共 ${n} 项`,
  overdueAll: "全部单位与中心",
  overdueCentre: "受理中心",
  overdueNone: "没有超时未办的事项",
  overdueNoneHint: "超过时限仍未办结的事项会列在这里，超时最久的在前。",
  overdueSupervised: (/** @type {number} */ n, /** @type {string} */ time) => `已督办 ${n} 次，最近 ${time}`,
  overdueUnsupervised: "尚未督办",
};
/** @type {typeof zh} */
export const en = {
  overdueTitle: "Overdue",
  overdueTotal: (n) => `${n} in all`,
  overdueAll: "All units and the centre",
  overdueCentre: "The centre",
  overdueNone: "Nothing is overdue",
  overdueNoneHint: "What was not done in time and still is not appears here, the longest overdue first.",
  overdueSupervised: (n, time) => `supervised ${n === 1 ? "once" : `${n} times`}, last ${time}`,
  overdueUnsupervised: "not supervised yet",
};
