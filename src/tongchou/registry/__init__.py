"""Persons, cards, employers, households, enrolments, identity classes, certified diseases (基本档案管理).

What does not live here: whether a person may enjoy benefits on a day (``contributions``), money (``accounts``).
"""
