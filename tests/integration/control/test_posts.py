"""What a newer version brings to a working instance: its functions find a post, and the site's own arrangement stays."""

from __future__ import annotations

import pytest

from tongchou.control import rights
from tongchou.control.models import Post, PostFunction, Trail
from tongchou.control.services.posts import ensure_posts

pytestmark = pytest.mark.django_db


def holders(function: str) -> set[str]:
    return set(Post.objects.filter(functions__function=function).values_list("code", flat=True))


def test_a_function_that_nobody_holds_goes_to_its_standard_posts_and_the_trail_says_so() -> None:
    ensure_posts()
    before = set(PostFunction.objects.values_list("post__code", "function"))
    PostFunction.objects.filter(function=rights.TRAIL_EXPORT).delete()
    ensure_posts()
    assert set(PostFunction.objects.values_list("post__code", "function")) == before
    brought = Trail.objects.filter(object_kind="control_postfunction", action="insert", reason="升级带来的新功能")
    assert brought.count() == len(holders(rights.TRAIL_EXPORT)) > 0


def test_what_the_site_took_from_one_post_is_not_given_back() -> None:
    ensure_posts()
    posts = holders(rights.TRAIL_READ)
    assert len(posts) > 1
    taken = sorted(posts)[0]
    PostFunction.objects.filter(post__code=taken, function=rights.TRAIL_READ).delete()
    PostFunction.objects.filter(function=rights.TRAIL_EXPORT).delete()
    ensure_posts()
    assert holders(rights.TRAIL_READ) == posts - {taken}
