cx_room(codec DEPS base)
