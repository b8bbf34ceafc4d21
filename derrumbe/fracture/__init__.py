"""fracture"""
