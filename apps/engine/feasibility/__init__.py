"""Before there is data: can the plan's promise be told, reached, and worth something?"""
