"""Pages of the plan: five tasks, the plan page, its versions, and what fills a draft."""
