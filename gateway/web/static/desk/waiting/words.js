// Words of the centre's queue.
export const zh = {
  waitingTitle: "待办理",
  waitingNone: "没有待中心办理的事项",
  waitingNoneHint: "职责不清的派单、退单、待批的答复与延期会列在这里，按期限排列。",
  waitingMore: "更多",
};
/** @type {typeof zh} */
export const en = {
  waitingTitle: "To decide",
  waitingNone: "Nothing waits for the centre",
  waitingNoneHint: "Tickets without a clear unit, returns, replies and extensions to approve appear here, the nearest due first.",
  waitingMore: "More",
};
