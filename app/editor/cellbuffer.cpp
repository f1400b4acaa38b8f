#include "app/editor/cellbuffer.h"

#include "app/editor/editorstyle.h"
#include "app/editor/textmap.h"

#include <Qsci/qsciscintillabase.h>

namespace farcell {

using Sci = QsciScintillaBase;

struct CellBufferCache::Entry
{
    CellBuffer buffer;
    std::list<CellId>::iterator place;
    int pins = 0;
};

CellBufferCache::CellBufferCache(int capacity)
    : m_keeper(std::make_unique<QsciScintillaBase>())
    , m_capacity(capacity)
{
    m_idleDocument = m_keeper->SendScintillaPtrResult(Sci::SCI_GETDOCPOINTER);
    m_keeper->SendScintilla(Sci::SCI_ADDREFDOCUMENT, 0UL, m_idleDocument);
}

CellBufferCache::~CellBufferCache()
{
    clear();
    m_keeper->SendScintilla(Sci::SCI_RELEASEDOCUMENT, 0UL, m_idleDocument);
}

CellBuffer &CellBufferCache::obtain(const CellId &id, const QString &text, const Language &language)
{
    const auto found = m_buffers.constFind(id);
    if (found != m_buffers.constEnd()) {
        Entry &entry = **found;
        m_order.splice(m_order.end(), m_order, entry.place);
        if (entry.buffer.stale || entry.buffer.language != &language)
            load(entry.buffer, text, language);
        return entry.buffer;
    }
    evict();
    auto entry = std::make_shared<Entry>();
    entry->buffer.cell = id;
    entry->buffer.document = m_keeper->SendScintillaPtrResult(Sci::SCI_CREATEDOCUMENT);
    entry->place = m_order.insert(m_order.end(), id);
    load(entry->buffer, text, language);
    m_buffers.insert(id, entry);
    return entry->buffer;
}

CellBuffer *CellBufferCache::find(const CellId &id)
{
    const auto found = m_buffers.constFind(id);
    return found == m_buffers.constEnd() ? nullptr : &(*found)->buffer;
}

void CellBufferCache::markStale(const CellId &id)
{
    if (CellBuffer *buffer = find(id))
        buffer->stale = true;
}

void CellBufferCache::remove(const CellId &id)
{
    const auto found = m_buffers.constFind(id);
    if (found == m_buffers.constEnd())
        return;
    release((*found)->buffer);
    m_order.erase((*found)->place);
    m_buffers.erase(found);
}

void CellBufferCache::clear()
{
    for (const auto &entry : std::as_const(m_buffers))
        release(entry->buffer);
    m_buffers.clear();
    m_order.clear();
}

void CellBufferCache::pin(const CellId &id)
{
    const auto found = m_buffers.constFind(id);
    if (found != m_buffers.constEnd())
        ++(*found)->pins;
}

void CellBufferCache::unpin(const CellId &id)
{
    const auto found = m_buffers.constFind(id);
    if (found != m_buffers.constEnd() && (*found)->pins > 0)
        --(*found)->pins;
}

void CellBufferCache::load(CellBuffer &buffer, const QString &text, const Language &language)
{
    m_keeper->SendScintilla(Sci::SCI_SETDOCPOINTER, 0UL, buffer.document);
    const QByteArray utf8 = toEditorText(text);
    m_keeper->SendScintilla(Sci::SCI_SETUNDOCOLLECTION, 0UL); // undo is the notebook's
    m_keeper->SendScintilla(Sci::SCI_SETCODEPAGE, static_cast<unsigned long>(Sci::SC_CP_UTF8));
    m_keeper->SendScintilla(Sci::SCI_SETREADONLY, 0UL);
    m_keeper->SendScintilla(Sci::SCI_CLEARALL);
    m_keeper->SendScintilla(Sci::SCI_ADDTEXT, static_cast<uintptr_t>(utf8.size()),
                            utf8.constData());
    const bool crlf = text.contains(QLatin1String("\r\n"));
    m_keeper->SendScintilla(Sci::SCI_SETEOLMODE,
                            static_cast<unsigned long>(crlf ? Sci::SC_EOL_CRLF : Sci::SC_EOL_LF));
    m_keeper->SendScintilla(Sci::SCI_SETTABWIDTH, 4UL);
    m_keeper->SendScintilla(Sci::SCI_SETINDENT, 4UL);
    m_keeper->SendScintilla(Sci::SCI_SETUSETABS, 0UL);
    applyLexer(*m_keeper, language);
    m_keeper->SendScintilla(Sci::SCI_SETDOCPOINTER, 0UL, m_idleDocument);
    buffer.language = &language;
    buffer.stale = false;
    buffer.anchor = std::min<long>(buffer.anchor, utf8.size());
    buffer.caret = std::min<long>(buffer.caret, utf8.size());
    buffer.foldedLines.clear();
}

void CellBufferCache::evict()
{
    auto place = m_order.begin();
    while (size() >= m_capacity && place != m_order.end()) {
        const CellId id = *place++;
        if (m_buffers.value(id)->pins == 0)
            remove(id);
    }
}

void CellBufferCache::release(CellBuffer &buffer)
{
    m_keeper->SendScintilla(Sci::SCI_RELEASEDOCUMENT, 0UL, buffer.document);
    buffer.document = nullptr;
}

} // namespace farcell
