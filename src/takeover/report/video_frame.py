"""One frame of the video of a log: what the policy saw, who drove, what was sent and what for.

Drawn with Pillow: what stays the same in a video, or in an episode, is drawn once.
"""

import numpy as np
from PIL import Image, ImageDraw
from takeover.command import Source
from takeover.data.log_summary import EpisodeSummary
from takeover.data.step import Step
from takeover.report.figures import bars_of, GOAL, HOLD, HUMAN, POLICY, SLOWING, STOP
from takeover.report.picture import BACKGROUND, CARD, EDGE, font, INK, SOFT
from takeover.report.seen import pictures, seen_images
from takeover.specs import ActionComponent, Contract

DRIVERS = {
    Source.POLICY: ('POLICY DRIVES', POLICY),
    Source.HUMAN: ('PERSON DRIVES', HUMAN),
    Source.HOLD: ('HOLD', HOLD),
    Source.NONE: ('NOBODY DRIVES', HOLD),
}
ENDS = {'goal': GOAL, 'collision': STOP, 'off_path': STOP}
MARGIN, GAP = 16, 8
PICTURE_HEIGHT, LEAST_WIDTH = 448, 480
CHIP_HEIGHT, BAR_HEIGHT, STRIP_HEIGHT = 32, 20, 22
NAME_WIDTH, VALUE_WIDTH = 92, 100
LINE_HEIGHT, FONT_PX = 20, 14
# For so long after a take-over the word stays: a single frame is not seen.
MARK_S = 1.0


class VideoFrames:
    """Draws the frames of steps of one task, episode after episode."""

    def __init__(self, contract: Contract) -> None:
        """Lay everything out.

        :raises SeenError: the task has no image feature.
        """
        self._images = seen_images(contract)
        self._components = contract.action.components
        self._period_s = 1.0 / contract.rate_hz
        self._regular, self._bold = font('DejaVuSans', FONT_PX), font('DejaVuSans-Bold', FONT_PX)
        self._scales = [max(1, round(PICTURE_HEIGHT / image.height)) for image in self._images]
        sizes = [
            (s * image.width, s * image.height) for s, image in zip(self._scales, self._images)
        ]
        inner = sum(width for width, _ in sizes) + GAP * (len(sizes) - 1)
        inner = max(inner, LEAST_WIDTH - 2 * MARGIN)
        self._right = MARGIN + inner
        self._captions = MARGIN + max(height for _, height in sizes) + 4
        self._chip = self._captions + LINE_HEIGHT + 4
        self._bars = self._chip + CHIP_HEIGHT + GAP
        self._strip = self._bars + (BAR_HEIGHT + GAP) * len(self._components)
        self._lines = self._strip + STRIP_HEIGHT + GAP
        height = self._lines + 2 * LINE_HEIGHT + MARGIN
        # 4:2:0 needs even sizes.
        self.size = self._right + MARGIN + self._right % 2, height + height % 2
        self._page = self._draw_page()
        self._of_episode: EpisodeSummary | None = None

    def draw(self, step: Step, episode: EpisodeSummary, place: int) -> np.ndarray:
        """Return a frame, RGB uint8 [h, w, 3].

        :param episode: that of the step, which is its step number `place`, from 0.
        :raises SeenError: the step's pixels are not those of the task.
        """
        if episode is not self._of_episode:
            self._begin(episode)
        page = self._page_of_episode.copy()
        draw = ImageDraw.Draw(page)
        self._draw_pictures(page, draw, step)
        self._draw_driver(draw, step, place)
        for row, component in enumerate(self._components):
            self._draw_bar(draw, row, component, step)
        x = self._at(self._times_s[place])
        draw.rectangle((x - 1, self._strip - 3, x + 1, self._strip + STRIP_HEIGHT + 2), fill=INK)
        self._draw_lines(draw, step, place)
        return np.asarray(page)

    def _draw_page(self) -> Image.Image:
        """Return what is the same in all frames: names and tracks of the command bars."""
        page = Image.new('RGB', self.size, BACKGROUND)
        draw = ImageDraw.Draw(page)
        for row, component in enumerate(self._components):
            left, top, right, bottom = self._bar_box(row)
            draw.text((MARGIN, top + 2), component.name, fill=INK, font=self._regular)
            draw.rectangle((left, top, right, bottom), fill=CARD, outline=EDGE)
        return page

    def _begin(self, episode: EpisodeSummary) -> None:
        """Draw what is the same in all frames of an episode: the strip of who drove."""
        self._of_episode, self._times_s = episode, episode.times_s
        page = self._page.copy()
        draw = ImageDraw.Draw(page)
        sources = np.array([int(step.source) for step in episode.steps])
        for (start_s, length_s), source in zip(*bars_of(self._times_s, sources, self._period_s)):
            box = self._at(start_s), self._strip, self._at(start_s + length_s)
            colour = DRIVERS[Source(int(source))][1]
            draw.rectangle((*box, self._strip + STRIP_HEIGHT), fill=colour)
        for time_s, step in zip(self._times_s, episode.steps):
            if step.reward < 0.0:
                x, bottom = self._at(time_s), self._strip + STRIP_HEIGHT
                draw.rectangle((x - 1, self._strip - 3, x + 1, bottom + 2), fill=STOP)
        onsets = [t for t, step in zip(self._times_s, episode.steps) if step.onset]
        since = np.array(self._times_s)[:, None] - np.array(onsets)[None, :]
        self._marked = ((since >= 0.0) & (since < MARK_S)).any(axis=1)
        self._page_of_episode = page

    def _draw_pictures(self, page: Image.Image, draw: ImageDraw.ImageDraw, step: Step) -> None:
        left = MARGIN
        ages = step.frame_ages_ms
        for index, picture in enumerate(pictures(self._images, step.pixels)):
            image, scale = self._images[index], self._scales[index]
            enlarged = picture.repeat(scale, axis=0).repeat(scale, axis=1)
            page.paste(Image.fromarray(enlarged), (left, MARGIN))
            age = f', {ages[index]:.0f} ms old' if index < len(ages) else ''
            words = f'{image.name}, {image.width} x {image.height}{age}'
            draw.text((left, self._captions), words, fill=SOFT, font=self._regular)
            left += scale * image.width + GAP

    def _draw_driver(self, draw: ImageDraw.ImageDraw, step: Step, place: int) -> None:
        words, colour = DRIVERS[step.source]
        bottom = self._chip + CHIP_HEIGHT
        draw.rectangle((MARGIN, self._chip, self._right, bottom), fill=colour)
        at = self._chip + (CHIP_HEIGHT - FONT_PX) // 2 - 1
        draw.text((MARGIN + 10, at), words, fill=BACKGROUND, font=self._bold)
        if self._marked[place]:
            self._draw_right(draw, at, 'TAKE-OVER', BACKGROUND, inset=10)

    def _draw_bar(
        self, draw: ImageDraw.ImageDraw, row: int, component: ActionComponent, step: Step
    ) -> None:
        """Fill from zero to what the robot was sent; a mark where the policy asked to be."""
        left, top, right, bottom = self._bar_box(row)
        span = component.high - component.low

        def at(value: float) -> int:
            share = (min(max(value, component.low), component.high) - component.low) / span
            return round(left + share * (right - left))

        sent, zero = float(step.executed[row]), at(0.0)
        ends = sorted((zero, at(sent)))
        draw.rectangle((ends[0], top + 3, ends[1], bottom - 3), fill=DRIVERS[step.source][1])
        draw.line((zero, top, zero, bottom), fill=SOFT)
        asked = at(float(step.policy_action[row]))
        draw.rectangle((asked - 1, top, asked + 1, bottom), fill=INK)
        unit = '' if component.unit == '1' else f' {component.unit}'
        self._draw_right(draw, top + 2, f'{sent:.2f}{unit}', INK)

    def _draw_lines(self, draw: ImageDraw.ImageDraw, step: Step, place: int) -> None:
        episode = self._of_episode
        number = f'episode {episode.number}' if episode.number else 'no episode'
        words = f'{number}, step {place + 1} of {len(episode.steps)}, {self._times_s[place]:.2f} s'
        draw.text((MARGIN, self._lines), words, fill=INK, font=self._regular)
        outcome = 'taken back' if episode.undone else episode.outcome.replace('_', ' ')
        outcome = 'not ended' if outcome == 'running' else outcome
        self._draw_right(draw, self._lines, outcome, ENDS.get(episode.outcome, SLOWING))
        second = self._lines + LINE_HEIGHT
        version = f'policy {step.policy_version or "none"}, asked for the white marks'
        draw.text((MARGIN, second), version, fill=SOFT, font=self._regular)
        self._draw_right(
            draw, second, f'reward {step.reward:.2f}', STOP if step.reward < 0.0 else SOFT
        )

    def _draw_right(
        self, draw: ImageDraw.ImageDraw, top: int, words: str, fill: str, inset: int = 0
    ) -> None:
        draw.text((self._right - inset, top), words, fill=fill, font=self._bold, anchor='ra')

    def _bar_box(self, row: int) -> tuple[int, int, int, int]:
        top = self._bars + row * (BAR_HEIGHT + GAP)
        return MARGIN + NAME_WIDTH, top, self._right - VALUE_WIDTH, top + BAR_HEIGHT

    def _at(self, time_s: float) -> int:
        """Return where on the strip a time of the episode is."""
        whole_s = self._times_s[-1] + self._period_s
        return MARGIN + round((self._right - MARGIN) * time_s / whole_s)
