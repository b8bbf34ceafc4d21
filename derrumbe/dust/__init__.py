"""dust"""
