#pragma once

namespace farcell {

class ThemeSource;
class ImageStore;
class MathEngine;

// What every rendered block shares; owned by the RenderService, which outlives all blocks.
struct RenderContext
{
    ThemeSource &theme;
    ImageStore &images;
    MathEngine &math;
};

} // namespace farcell
