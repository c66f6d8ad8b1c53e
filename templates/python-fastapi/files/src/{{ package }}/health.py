"""Whether the process lives, and whether it takes requests."""

from fastapi import APIRouter, HTTPException, Request

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(request: Request) -> dict[str, str]:
    if not request.app.state.ready:
        raise HTTPException(503, "it is not ready")
    return {"status": "ok"}
