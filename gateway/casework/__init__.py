"""办件: the commands of the loop 接诉-分类-派单-反馈-评价, one module a verb or a small family of them."""
