"""Install the library as an ament package, so that `colcon build` alone is enough."""

from setuptools import find_packages, setup

package_name = 'takeover'

setup(
    name=package_name,
    version='0.1.0',
    packages=find_packages(include=['takeover', 'takeover.*']),
    package_data={'': ['*.html', '*.xml', '*.png']},
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{package_name}']),
        (f'share/{package_name}', ['package.xml']),
    ],
    install_requires=['setuptools'],
    zip_safe=True,
    maintainer='Takeover maintainers',
    maintainer_email='takeover@example.org',
    description='A control stack for robots that learn from being corrected: the library.',
    license='Apache-2.0',
    entry_points={'console_scripts': ['takeover = takeover.cli.main:main']},
)
