"""What a run looked like: watched, kept, shown live, and told afterwards.

`record` is plain data and knows no other module here; `observer` fills it; `screen` (live status),
`page` (report.html) and `picture` (one PNG) only read it.
Nothing here knows ROS, and matplotlib is imported only where something is plotted.
"""
