#include "app/blocks/contrast.h"

#include <algorithm>
#include <cmath>

namespace farcell {

namespace {

constexpr qreal enough = 3.2;

qreal luminance(const QColor &color)
{
    const auto linear = [](float v) {
        return v <= 0.03928F ? v / 12.92F : std::pow((v + 0.055F) / 1.055F, 2.4F);
    };
    return 0.2126F * linear(color.redF()) + 0.7152F * linear(color.greenF()) +
           0.0722F * linear(color.blueF());
}

} // namespace

qreal contrast(const QColor &a, const QColor &b)
{
    const qreal one = luminance(a) + 0.05;
    const qreal two = luminance(b) + 0.05;
    return std::max(one, two) / std::min(one, two);
}

QColor readableOn(QColor ink, const QColor &paper)
{
    const float step = paper.lightnessF() < 0.5F ? 0.08F : -0.08F;
    for (int i = 0; i < 12 && contrast(ink, paper) < enough; ++i)
        ink = QColor::fromHslF(std::max(0.0F, ink.hslHueF()), ink.hslSaturationF(),
                               std::clamp(ink.lightnessF() + step, 0.0F, 1.0F), ink.alphaF());
    return ink;
}

QColor blended(const QColor &top, const QColor &below)
{
    const float a = top.alphaF();
    const auto mix = [a](float x, float y) { return std::clamp(x * a + y * (1 - a), 0.0F, 1.0F); };
    return QColor::fromRgbF(mix(top.redF(), below.redF()), mix(top.greenF(), below.greenF()),
                            mix(top.blueF(), below.blueF()));
}

} // namespace farcell
