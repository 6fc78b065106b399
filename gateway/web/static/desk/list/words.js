// Words of the list of tickets.
export const zh = {
  search: "搜索工单号、完整电话或内容",
  searchLabel: "搜索工单",
  showEmpty: "显示未说话的来电",
  loadMore: "加载更多",
  listLabel: "工单列表，最新在前",
  count: (/** @type {number} */ n, /** @type {unknown} */ more) => `${n}${more ? "+" : ""} 件`,
  noTickets: "还没有工单",
  noTicketsHint: "有人来电后，工单会立即出现在这里。",
  clear: "清除条件",
  arrived: (/** @type {string} */ no) => `新工单 ${no}`,
  pick: "选择一件工单",
  pickHint: "左侧列表会随来电实时更新。用方向键上下移动，回车打开。",
};

/** @type {typeof zh} */
export const en = {
  search: "Number, whole phone number, or words",
  searchLabel: "Search tickets",
  showEmpty: "Show calls in which nothing was said",
  loadMore: "Load more",
  listLabel: "Tickets, newest first",
  count: (n, more) => `${n}${more ? "+" : ""} ${n === 1 ? "ticket" : "tickets"}`,
  noTickets: "No tickets yet",
  noTicketsHint: "As soon as somebody calls, the ticket appears here.",
  clear: "Clear filters",
  arrived: (no) => `New ticket ${no}`,
  pick: "Choose a ticket",
  pickHint: "The list follows the calls as they come in. Move with the arrow keys, open with Enter.",
};
