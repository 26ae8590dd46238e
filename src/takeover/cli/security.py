"""`takeover security`: policies for DDS security (SROS 2), see docs/security.md."""

from pathlib import Path


def policy(
    *,
    output: Path,
    task: str = 'rover_path',
    robot: str = '',
    namespace: str = '',
    enclave: str = '',
    remap: tuple[str, ...] = (),
) -> None:
    """Write what every node may publish, hear, serve and call, as a policy file of SROS 2.

    `ros2 security generate_artifacts` makes keys and signed permissions of it.

    Args:
        output: The file to write (.xml).
        task: Task, by name or file: it names the inputs of the policy.
        robot: Robot, by name or file: it names the command topics; empty: that of the task.
        namespace: The ROS namespace that the launch files push.
        enclave: One enclave for all nodes, for ROS_SECURITY_ENCLAVE_OVERRIDE; empty: one for each.
        remap: Topics that a launch file gives other names, each as OLD:=NEW.
    """
    from takeover.cli.launch import parse_arguments
    from takeover.security.node_rights import node_rights, renamed
    from takeover.security.policy_file import policy_document, write_policy
    from takeover.task import load_task_and_robot

    nodes = node_rights(*load_task_and_robot(task, robot or None))
    nodes = renamed(nodes, parse_arguments(remap))
    write_policy(policy_document(nodes, namespace, enclave), output)
    print(f'{output}: rights of {len(nodes)} nodes')


# Named, although there is only one: others may join it.
commands = {'policy': policy}
