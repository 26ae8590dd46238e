"""Start ROS 2 nodes from launch XML where `ros2 launch` is not installed.

    document -> schema -> evaluation -> plan -> supervisor
    (XML, lines) (is it known?) (scopes, conditions) (argv, env) (processes, signals)

A subset of launch XML with the semantics of ROS 2 Jazzy's `launch` and `launch_ros`; what is
outside the subset is refused by file, line and name, never ignored. Nothing here imports ROS.

Differences from `ros2 launch`, all deliberate:

* A parameter file that does not exist is an error (there: a warning, and the node runs without
  it).
* Everything is evaluated before the first process starts, so an error starts nothing.
* The exit code after a requested stop is 0, else that of the required process that failed, or of
  the first that failed when all have ended (there: 0 in all these cases).
* SIGTERM and SIGHUP stop the children as SIGINT does (there: SIGTERM orphans them), and a second
  SIGINT escalates (there: it is ignored). Each child has its own process group, so Ctrl-C reaches
  it once, through the launcher; a child whose launcher was killed gets SIGTERM from the kernel.
* Children read /dev/null as standard input, and can be interrupted even if the launcher was
  started with SIGINT ignored, as `launcher &` is in a script.
* `output` is screen, log or both; an argument that no file declares is set, with a warning.
* Two accidents of Jazzy are refused rather than copied: `$(dirname)` after an include from another
  directory, and `set_parameter` in a group when the enclosing scope has set parameters already (it
  leaks out of the group there).
"""
