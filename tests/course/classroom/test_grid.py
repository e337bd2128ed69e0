import pytest

from tinygrade import UsageError


@pytest.fixture
def base(room):
    return room.grid.Config(1, 16, 2, "seed")


def test_every_combination_once(room, base):
    found = room.grid.configs([], ["lr=1e-3,3e-3,0.001 width=16,20", "layers=1,2"], base)
    assert [(c.lr, c.width, c.layers) for c in found] == [
        (lr, width, layers) for lr in (1e-3, 3e-3) for width in (16, 20) for layers in (1, 2)
    ]


def test_models_by_name(room, base):
    found = room.grid.configs(["ultra-tiny", "small", "1x16"], [], base)
    assert [c.name for c in found] == ["ultra-tiny 1x16", "small 2x20"]


@pytest.mark.parametrize(
    ("models", "axes", "message"),
    [
        ([], ["lr"], "write KEY=VALUE"),
        ([], ["widht=16"], "did you mean 'width'"),
        ([], ["lr=fast"], "lr takes numbers above 0"),
        ([], ["lr=0"], "lr takes"),
        ([], ["lr=nan"], "lr takes"),
        ([], ["width="], "width takes whole numbers"),
        ([], ["width=16,-2"], "width takes"),
        ([], ["heads=3"], "no multiple of 3 heads"),
        ([], ["lr=1", "lr=2"], "lr is there already"),
        (["small"], ["width=16"], "exclude each other"),
        (["huge"], [], "--model huge"),
    ],
)
def test_nonsense(room, base, models, axes, message):
    with pytest.raises(UsageError, match=message):
        room.grid.configs(models, axes, base)


def test_too_many(room, base):
    found = room.grid.configs([], [f"lr={','.join(f'0.{i:03}' for i in range(1, 500))}"], base)
    with pytest.raises(UsageError, match="more than 2,000 runs"):
        room.grid.jobs(found, 5)


def test_seed_by_seed(room, base):
    found = room.grid.configs(["ultra-tiny", "small"], [], base)
    assert [job.seed for job in room.grid.jobs(found, 2)] == [0, 0, 1, 1]
