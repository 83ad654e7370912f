"""Pages made flat and measured: rectify, quality, seals, codes. Pure functions on BGR images of numpy and cv2."""
