#include "app/outputs/outputpart.h"

namespace farcell {

void OutputPart::setViewport(qreal, qreal) {}

QImage OutputPart::imageAt(QPointF) const
{
    return {};
}

QByteArray OutputPart::imageData(QString *) const
{
    return {};
}

} // namespace farcell
