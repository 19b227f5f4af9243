"""Loads and exports of the marketing and payments warehouse."""
