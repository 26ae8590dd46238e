"""Install launch, config and models, which are links to the folders at the top."""

import os

from setuptools import setup

package_name = 'takeover_bringup'


def tree(top):
    """Return the data_files entries of a folder, one per sub-folder so that the tree is kept."""
    return [
        (
            f'share/{package_name}/{folder}',
            [os.path.join(folder, file) for file in sorted(files) if not file.startswith('.')],
        )
        for folder, _, files in os.walk(top, followlinks=True)
        if '__pycache__' not in folder
    ]


setup(
    name=package_name,
    version='0.1.0',
    packages=[package_name],
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{package_name}']),
        (f'share/{package_name}', ['package.xml']),
        *tree('launch'),
        *tree('config'),
        *tree('models'),
    ],
    install_requires=['setuptools'],
    zip_safe=True,
    maintainer='Takeover maintainers',
    maintainer_email='takeover@example.org',
    description='Launch files, parameters and demo policies of Takeover.',
    license='Apache-2.0',
)
