"""One picture that tells what a run is: the driven path, what the robot saw, the live screen.

`python -m takeover.report.picture RUN_FOLDER FILE` makes it from a saved run. The screen is drawn
from the state it showed at that moment, through the same code as the live one.
"""

import io
from pathlib import Path
import sys

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console, RenderableType
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from takeover.errors import TakeoverError
from takeover.report.record import EpisodeRecord, load_run, RunRecord
from takeover.report.screen import render

WIDTH, MARGIN, GAP = 1600, 40, 32
BACKGROUND, CARD, EDGE, INK, SOFT = '#0d1117', '#151b23', '#2a313c', '#e6edf3', '#8b949e'
SCREEN_COLUMNS, SCREEN_FONT_PX = 96, 24
RADIUS = 18
MAX_COLOURS = 256
THEME = TerminalTheme(
    (21, 27, 35),
    (230, 237, 243),
    [
        (72, 79, 88),
        (255, 123, 114),
        (63, 185, 80),
        (227, 179, 65),
        (88, 166, 255),
        (188, 140, 255),
        (86, 211, 222),
        (177, 186, 196),
    ],
    [
        (125, 133, 144),
        (255, 161, 152),
        (86, 211, 100),
        (234, 193, 90),
        (121, 192, 255),
        (210, 168, 255),
        (115, 227, 236),
        (240, 246, 252),
    ],
)


class PictureError(TakeoverError):
    """The run has nothing to show."""


def write_picture(run: RunRecord, path: str | Path) -> Path:
    """Write the picture of `run` as PNG, under 300 kB.

    :raises PictureError: no episode of the run was driven far enough for a screen.
    """
    if run.screen is None or not run.episodes:
        raise PictureError('the run holds no screen to show: no episode was driven that far')
    episode = _episode_to_show(run)
    screen = draw_terminal(render(run.screen), SCREEN_COLUMNS, SCREEN_FONT_PX)
    screen = screen.resize(_fit(screen, WIDTH - 2 * MARGIN), Image.Resampling.LANCZOS)
    upper_height = 420
    frame = _frame_of(run, episode)
    frame_width = 0 if frame is None else round(upper_height * frame.width / frame.height)
    path_width = WIDTH - 2 * MARGIN - (frame_width + GAP if frame_width else 0)
    height = 2 * MARGIN + upper_height + GAP + screen.height
    page = Image.new('RGB', (WIDTH, height), BACKGROUND)
    _card(page, (MARGIN, MARGIN), _plot(run, episode, (path_width, upper_height)))
    if frame is not None:
        frame = frame.resize((frame_width, upper_height), Image.Resampling.BICUBIC)
        _card(page, (WIDTH - MARGIN - frame_width, MARGIN), frame)
    page.paste(screen, (MARGIN, MARGIN + upper_height + GAP))
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    page.quantize(MAX_COLOURS, dither=Image.Dither.NONE).save(path, 'png', optimize=True)
    return path


def draw_terminal(content: RenderableType, columns: int, font_px: int) -> Image.Image:
    """Return what a terminal of `columns` columns would show of `content`."""
    console = Console(
        width=columns,
        color_system='truecolor',
        force_terminal=True,
        file=io.StringIO(),
        legacy_windows=False,
    )
    lines = console.render_lines(content, pad=True)
    regular, bold = (font(name, font_px) for name in ('DejaVuSansMono', 'DejaVuSansMono-Bold'))
    cell, line_height = regular.getlength('M'), round(1.28 * font_px)
    image = Image.new('RGB', (round(cell * columns), line_height * len(lines)), BACKGROUND)
    draw = ImageDraw.Draw(image)
    for row, line in enumerate(lines):
        column = 0
        for segment in line:
            style = segment.style or Style()
            left, top = column * cell, row * line_height
            column += segment.cell_length
            if style.bgcolor is not None:
                draw.rectangle(
                    (left, top, column * cell, top + line_height - 1),
                    fill=style.bgcolor.get_truecolor(THEME, foreground=False),
                )
            colour = style.color.get_truecolor(THEME) if style.color else INK
            # Letter by letter: a terminal has a grid, a font has fractions of a pixel.
            for i, letter in enumerate(segment.text):
                if letter != ' ':
                    draw.text(
                        (left + i * cell, top + 0.1 * font_px),
                        letter,
                        fill=colour,
                        font=bold if style.bold else regular,
                    )
    return image


def _episode_to_show(run: RunRecord) -> EpisodeRecord:
    """Prefer an episode that reached the goal, has a picture, and came closest to an obstacle."""
    seen = {frame.episode for frame in run.frames}

    def interest(episode: EpisodeRecord) -> tuple:
        between = episode.track[:, None, 1:3] - episode.obstacles[None, :, :2]
        gaps = np.linalg.norm(between, axis=2) - episode.obstacles[:, 2]
        return (
            episode.outcome == 'goal',
            episode.number in seen,
            -float(gaps.min()) if gaps.size else -np.inf,
        )

    return max(run.episodes, key=interest)


def _frame_of(run: RunRecord, episode: EpisodeRecord) -> Image.Image | None:
    frames = [frame for frame in run.frames if frame.episode == episode.number] or run.frames
    return Image.fromarray(frames[-1].pixels) if frames else None


def _plot(run: RunRecord, episode: EpisodeRecord, size: tuple[int, int]) -> Image.Image:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from takeover.report.plots import draw_course, draw_track, view_of

    dpi = 130
    figure = Figure(figsize=(size[0] / dpi, size[1] / dpi), dpi=dpi, facecolor=CARD)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.02, 0.03, 0.96, 0.84))
    axes.set_axis_off()
    draw_course(axes, episode, run.corridor_half_width_m, run.goal_tolerance_m, SOFT)
    draw_track(axes, episode, width=4.0)
    low, high = view_of(episode, run.corridor_half_width_m)
    axes.set_xlim(low[0], high[0])
    axes.set_ylim(low[1], high[1])
    axes.set_aspect('equal')
    figure.text(
        0.025,
        0.93,
        f'Episode {episode.number}, seed {episode.seed}',
        color=INK,
        fontsize=11,
        fontweight='bold',
        va='center',
    )
    outcome = episode.outcome.replace('_', ' ')
    figure.text(
        0.975,
        0.93,
        f'{outcome} after {episode.elapsed_s:.1f} s',
        color='#3fb950' if episode.outcome == 'goal' else '#ff7b72',
        fontsize=11,
        va='center',
        ha='right',
    )
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())[:, :, :3].copy()).resize(size)


def _card(page: Image.Image, corner: tuple[int, int], content: Image.Image) -> None:
    """Paste `content` with round corners and a thin edge."""
    mask = Image.new('L', content.size, 0)
    box = (0, 0, content.width - 1, content.height - 1)
    ImageDraw.Draw(mask).rounded_rectangle(box, RADIUS, fill=255)
    page.paste(content, corner, mask)
    ImageDraw.Draw(page).rounded_rectangle(
        (*corner, corner[0] + content.width - 1, corner[1] + content.height - 1),
        RADIUS,
        outline=EDGE,
        width=2,
    )


def _fit(image: Image.Image, width: int) -> tuple[int, int]:
    return width, round(image.height * width / image.width)


def font(name: str, size_px: int) -> ImageFont.FreeTypeFont:
    """Return a font that Matplotlib brings, by name: the same picture on every machine."""
    return ImageFont.truetype(
        Path(matplotlib.get_data_path()) / 'fonts' / 'ttf' / f'{name}.ttf', size_px
    )


if __name__ == '__main__':
    write_picture(load_run(sys.argv[1]), sys.argv[2])
