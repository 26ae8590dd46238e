"""What is tracked: small files, right modes, nothing of the machine it was written on."""

import os
import re
import stat

LARGEST_BYTES = 1_000_000
# Folders of one machine, and ways to name a package index: neither works anywhere else.
FOLDERS = '|'.join(('work', 'root', 'home'))
OPTIONS = '|'.join(('find' + '-links', '(?:extra-)?index' + '-url'))
PRIVATE = re.compile(rf'(?<![\w./$-])/(?:{FOLDERS})/\w|--(?:{OPTIONS})')


def test_private_paths_are_noticed():
    home, root = '/'.join(('', 'home', 'me', 'x')), '/'.join(('', 'root', 'x'))
    options = (f'pip install --{word}' for word in ('find' + '-links x', 'extra-index' + '-url x'))
    for line in (f'see {home}', f"open('{root}')", *options):
        assert PRIVATE.search(line), line
    for line in ('src/' + 'work/x', '$HOME/' + 'root/', 'ros2_ws/' + 'home/y'):
        assert not PRIVATE.search(line), line


def test_no_file_names_a_folder_of_one_machine(tracked):
    found = []
    for path in tracked:
        if path.is_symlink() or path.is_dir():
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        lines = enumerate(text.splitlines(), start=1)
        found += [f'{path}:{number}: {line}' for number, line in lines if PRIVATE.search(line)]
    assert found == []


def test_files_are_small(tracked):
    large = {str(path): path.stat().st_size for path in tracked if not path.is_dir()}
    assert {path: size for path, size in large.items() if size > LARGEST_BYTES} == {}


def test_links_lead_somewhere(tracked):
    links = [path for path in tracked if path.is_symlink()]
    assert links
    assert [str(path) for path in links if not path.exists()] == []


def test_scripts_and_only_scripts_are_executable(tracked):
    wrong = []
    for path in tracked:
        if path.is_symlink() or path.is_dir():
            continue
        with path.open('rb') as file:
            script = file.read(2) == b'#!'
        if script != bool(os.stat(path).st_mode & stat.S_IXUSR):
            wrong.append(str(path))
    assert wrong == []


def test_continuous_integration_calls_what_people_call(repository):
    script = (repository / '.ci' / 'run').read_text()
    assert os.access(repository / '.ci' / 'run', os.X_OK)
    assert re.findall(r'^make (\w+)$', script, re.M) == ['lint', 'test']
