#pragma once

namespace farcell {

class JsonText;
class NotebookDocument;
struct NotebookContent;

// Colab's "Omit code cell output when saving": `colab.private_outputs` of the notebook.
[[nodiscard]] bool hasPrivateOutputs(const JsonText &metadata);
void setPrivateOutputs(NotebookDocument &document, bool on);

// Leaves what is saved of such a notebook: no outputs, no execution counts.
void dropOutputs(NotebookContent &content);

} // namespace farcell
