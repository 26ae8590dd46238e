"""Install the nodes; executable name = module name = default node name."""

from setuptools import find_packages, setup

package_name = 'takeover_nodes'
nodes = [
    'camera_node',
    'course_node',
    'doctor_node',
    'intervention_node',
    'joystick_node',
    'keyboard_node',
    'learning_monitor_node',
    'lifecycle_manager_node',
    'monitor_node',
    'operator_node',
    'policy_node',
    'recorder_node',
    'safety_node',
    'sim_node',
    'spacemouse_node',
    'view_node',
]

setup(
    name=package_name,
    version='0.1.0',
    packages=find_packages(include=[package_name, f'{package_name}.*']),
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{package_name}']),
        (f'share/{package_name}', ['package.xml']),
    ],
    install_requires=['setuptools'],
    zip_safe=True,
    maintainer='Takeover maintainers',
    maintainer_email='takeover@example.org',
    description='The nodes of Takeover that run on the robot, and the simulated robot.',
    license='Apache-2.0',
    entry_points={
        'console_scripts': [f'{node} = {package_name}.{node}:main' for node in nodes],
    },
)
