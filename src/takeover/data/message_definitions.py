# ruff: noqa: E501 the lines are as long as in the .msg files
"""The text of the messages in a log, so that logs are written and read without ROS.

Written by tools/message_definitions.py from the .msg files; not to be edited by hand.
"""

DEFINITIONS = {
    'builtin_interfaces/Time': """# This message communicates ROS Time defined here:
# https://design.ros2.org/articles/clock_and_time.html

# The seconds component, valid over all int32 values.
int32 sec

# The nanoseconds component, valid in the range [0, 1e9), to be added to the seconds component.
# e.g.
# The time -1.7 seconds is represented as {sec: -2, nanosec: 3e8}
# The time 1.7 seconds is represented as {sec: 1, nanosec: 7e8}
uint32 nanosec
""",
    'std_msgs/Header': """# Standard metadata for higher-level stamped data types.
# This is generally used to communicate timestamped data
# in a particular coordinate frame.

# Two-integer timestamp that is expressed as seconds and nanoseconds.
builtin_interfaces/Time stamp

# Transform frame with which this data is associated.
string frame_id
""",
    'takeover_msgs/EpisodeState': """# The episode under way or just ended. Latched; repeated at 5 Hz.

uint8 RUNNING=0     # under way
uint8 GOAL=1        # terminated: the end of the path was reached
uint8 COLLISION=2   # terminated: the robot touched an obstacle
uint8 OFF_PATH=3    # terminated: the robot left the corridor
uint8 TIME_LIMIT=4  # truncated: the time limit was reached
uint8 ABORTED=5     # truncated: a reset was asked for

# stamp: ROS time of this report. frame_id: empty.
std_msgs/Header header

# Number of the episode, from 1.
uint64 episode

# Seed that placed the path and the obstacles.
int64 seed

# RUNNING or how the episode ended.
uint8 outcome

# true: the task itself ended the episode, nothing follows the last state.
bool terminated

# true: the episode was cut off, the last state has a future that was not seen.
bool truncated

# Time since the episode began [s].
float64 elapsed_s

# Part of the path's length covered, 0 to 1.
float64 progress

# Mean forward speed over the episode so far, of an arm that of its tool [m/s]. Times elapsed_s it
# tells an arbiter that is started within an episode how far the arm has moved already.
float64 mean_speed_m_s

# Mean distance to the path over the episode so far [m].
float64 mean_cross_track_m

# true: no further episode follows this one.
bool last
""",
    'takeover_msgs/InterventionState': """# Who drives: the mode of the arbiter between policy and person. Latched.

uint8 MODE_HOLD=0        # explicit zero
uint8 MODE_AUTONOMOUS=1  # the policy drives
uint8 MODE_HUMAN=2       # the person drives
uint8 MODE_HANDOVER=3    # blending between the two
uint8 MODE_ESTOPPED=4    # stopped by the e-stop

# stamp: ROS time of this report. frame_id: empty.
std_msgs/Header header

# One of the MODE_* constants.
uint8 mode

# Why the arbiter is in this mode, in words.
string reason

# How often the person has taken over since activation.
uint64 takeovers

# Number of the episode under way, from 1; 0 if none is known.
uint64 episode
""",
    'takeover_msgs/PolicyState': """# The policy a policy node runs, and how its ticks went. Latched.

# stamp: ROS time of this report. frame_id: empty.
std_msgs/Header header

# First 12 hex digits of the bundle's digest.
string version

# Hash of the task's inputs, features, action and rate that the bundle was made for, 16 hex digits.
string spec_hash

# Name of the task.
string task

# Path of the bundle file.
string file

# Ticks since configure, those without a command included.
uint64 ticks

# Ticks that published nothing since activation, and why the last of them did not, in words.
uint64 skipped
string skipped_reason

# How often the policy was exchanged since configure, and the version that drove before; empty if none.
uint64 swaps
string previous_version

# The candidate that was refused last, and why, in words; empty if none was.
string refused_version
string refused_reason
""",
    'takeover_msgs/SafetyState': """# State of the safety gate, the only publisher on the robot's command topic. Latched.

uint8 STATE_STANDBY=0     # never commanded since activation
uint8 STATE_FORWARDING=1  # commands pass, within limits
uint8 STATE_STOPPING=2    # slowing down to zero
uint8 STATE_STOPPED=3     # at zero; a fresh command resumes
uint8 STATE_ESTOPPED=4    # at zero or slowing down to it; left only by the reset service

# stamp: ROS time of this report. frame_id: empty.
std_msgs/Header header

# One of the STATE_* constants.
uint8 state

# Why the gate is in this state, in words.
string reason

# How often the gate has begun to stop the robot since activation.
uint64 stops

# How many commands were refused since activation.
uint64 rejected

# The distinct reasons for refusals, and how many commands were refused for each (same order).
string[] rejected_reasons
uint64[] rejected_counts
""",
    'takeover_msgs/Step': """# One step of the policy, complete: what the recorder appends to the log, and all that is learned from.

# stamp: ROS time at which the policy published its command. frame_id: frame of the values (base_link).
std_msgs/Header header

# sequence of the policy/command: strictly increasing, also across restarts. A gap in the log is a step that
# could not be joined; nothing is ever bridged.
uint64 sequence

# Number of the episode, from 1; 0: the step belongs to none.
uint64 episode

# Who drove: one of the SOURCE_* constants of Command.
uint8 source

# The vector the policy acted on, in the SI units of the task's features.
float32[] observation

# Capture time (ROS time) of the oldest timed input of the observation.
builtin_interfaces/Time observation_stamp

# What the policy asked for, SI, in the order of the task's action spec; not sent while a person drove.
float64[] policy_action

# What the arbiter sent to the gate, and what the gate sent to the robot on its arrival; same order.
float64[] commanded
float64[] executed

# Of StepReward.
float64 reward
bool onset
bool stored
bool terminated
bool truncated
uint8 outcome

# First 12 hex digits of the policy bundle's digest.
string policy_version

# Hash of the task's inputs, features, action and rate, 16 hex digits.
string spec_hash

# Of a task with images: the time of capture (ROS time) of the newest picture of each image feature, and the
# pictures themselves as the policy saw them, uint8 [height, width, channels] in C order, one after the other
# in the order of the task's features. Stacks are made of the pictures of the steps before.
builtin_interfaces/Time[] image_stamps
uint8[] pixels
""",
    'takeover_msgs/UndoEpisode': """# The person takes an episode back: nothing is to be learned from its steps. The log keeps them.

# stamp: ROS time of the button. frame_id: empty.
std_msgs/Header header

# Number of the episode.
uint64 episode

# Steps of the episode: sequence of the first and of the last.
uint64 first_sequence
uint64 last_sequence
""",
}
