"""The example of this project: named things that are kept until the program ends."""

from typing import Annotated, cast

from fastapi import APIRouter, Depends, HTTPException, Request, Response, status
from pydantic import BaseModel, ConfigDict, StringConstraints

router = APIRouter(prefix="/items", tags=["items"])


class New(BaseModel):
    """What a new item is made from."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class Item(BaseModel):
    """One named thing."""

    id: int
    name: str


class Items:
    """All items. Requests take turns on one thread, so no lock is needed."""

    def __init__(self) -> None:
        self._last = 0
        self._items: dict[int, Item] = {}

    def all(self) -> list[Item]:
        return list(self._items.values())

    def get(self, item_id: int) -> Item | None:
        return self._items.get(item_id)

    def add(self, new: New) -> Item:
        self._last += 1
        item = Item(id=self._last, name=new.name)
        self._items[item.id] = item
        return item

    def delete(self, item_id: int) -> bool:
        return self._items.pop(item_id, None) is not None


def items(request: Request) -> Items:
    return cast(Items, request.app.state.items)


Kept = Annotated[Items, Depends(items)]
NOT_FOUND = HTTPException(status.HTTP_404_NOT_FOUND, "there is no such item")


@router.get("")
async def listed(kept: Kept) -> list[Item]:
    return kept.all()


@router.post("", status_code=status.HTTP_201_CREATED)
async def added(new: New, kept: Kept, response: Response) -> Item:
    item = kept.add(new)
    response.headers["Location"] = f"/items/{item.id}"
    return item


@router.get("/{item_id}")
async def one(item_id: int, kept: Kept) -> Item:
    item = kept.get(item_id)
    if item is None:
        raise NOT_FOUND
    return item


@router.delete("/{item_id}", status_code=status.HTTP_204_NO_CONTENT)
async def deleted(item_id: int, kept: Kept) -> None:
    if not kept.delete(item_id):
        raise NOT_FOUND
