from django.urls import path
from visits.views import book, rooms

urlpatterns = [path("visits/", book), path("rooms/", rooms)]
