// Answers of the OpenAI API as data: the smallest objects that satisfy the published schemas.

export const kModel = 'gpt-4o-mini';
export const kCreated = 1750000000;
const kChatId = 'chatcmpl-fake0001';

export const kUsage = {
  prompt_tokens: 11,
  completion_tokens: 7,
  total_tokens: 18,
  prompt_tokens_details: { cached_tokens: 3, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 2,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
};

export function modelList(ids = [kModel, 'gpt-4o', 'org/model:tag', 'text-embedding-3-small']) {
  return { object: 'list', data: ids.map(model) };
}

export function model(id) {
  return { id, object: 'model', created: kCreated, owned_by: 'fake' };
}

export function chatRequest(extra = {}) {
  return { model: kModel, messages: [{ role: 'user', content: 'Say hello.' }], ...extra };
}

export function chatCompletion(content = 'Hello!', extra = {}) {
  return {
    id: kChatId,
    object: 'chat.completion',
    created: kCreated,
    model: kModel,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content, refusal: null, annotations: [] },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: kUsage,
    service_tier: 'default',
    system_fingerprint: 'fp_fake',
    ...extra,
  };
}

export function toolCallCompletion(calls) {
  const answer = chatCompletion(null);
  answer.choices[0].message.tool_calls = calls.map(({ id, name, args }) => ({
    id,
    type: 'function',
    function: { name, arguments: args },
  }));
  answer.choices[0].finish_reason = 'tool_calls';
  return answer;
}

// ---- chat streams: lists of event texts

export function event(value) {
  return `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`;
}

export const kDone = event('[DONE]');

export function chunkOf(choices, extra = {}) {
  return {
    id: kChatId,
    object: 'chat.completion.chunk',
    created: kCreated,
    model: kModel,
    system_fingerprint: 'fp_fake',
    choices,
    ...extra,
  };
}

export function deltaChunk(delta, finishReason = null, extra = {}) {
  return chunkOf([{ index: 0, delta, logprobs: null, finish_reason: finishReason }], extra);
}

export function roleEvent() {
  return event(deltaChunk({ role: 'assistant', content: '', refusal: null }));
}

export function textEvent(content) {
  return event(deltaChunk({ content }));
}

export function finishEvent(reason = 'stop') {
  return event(deltaChunk({}, reason));
}

export function usageEvent(usage = kUsage) {
  return event(chunkOf([], { usage }));
}

// A whole chat stream, one event per piece of text.
export function chatStream(texts = ['Hel', 'lo', '!'], { usage = false, finish = 'stop', done = true } = {}) {
  const list = [roleEvent(), ...texts.map(textEvent)];
  if (finish) list.push(finishEvent(finish));
  if (usage) list.push(usageEvent());
  if (done) list.push(kDone);
  return list;
}

// Two tool calls in parallel, their arguments cut in pieces of `size` and interleaved.
export function toolCallStream(calls, { size = 3, usage = false } = {}) {
  const list = [event(deltaChunk({ role: 'assistant', content: null }))];
  calls.forEach(({ id, name }, index) => {
    list.push(event(deltaChunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] })));
  });
  const longest = Math.max(...calls.map(({ args }) => args.length));
  for (let at = 0; at < longest; at += size) {
    calls.forEach(({ args }, index) => {
      const part = args.slice(at, at + size);
      if (part) list.push(event(deltaChunk({ tool_calls: [{ index, function: { arguments: part } }] })));
    });
  }
  list.push(finishEvent('tool_calls'));
  if (usage) list.push(usageEvent());
  list.push(kDone);
  return list;
}

// ---- other endpoints

export function embeddingList(vectors, format = 'float') {
  const encode = (vector) =>
    format === 'base64' ? Buffer.from(new Float32Array(vector).buffer).toString('base64') : vector;
  return {
    object: 'list',
    data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: encode(vector) })),
    model: 'text-embedding-3-small',
    usage: { prompt_tokens: 4, total_tokens: 4 },
  };
}

export function responseObject(text = 'Hello!', extra = {}) {
  return {
    id: 'resp_fake0001',
    object: 'response',
    created_at: kCreated,
    status: 'completed',
    model: kModel,
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    output: [
      {
        id: 'msg_fake0001',
        type: 'message',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text, annotations: [] }],
      },
    ],
    usage: {
      input_tokens: 11,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 7,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 18,
    },
    ...extra,
  };
}

// The events of a Responses stream: named, numbered, without [DONE].
export function responseStream(texts = ['Hel', 'lo', '!']) {
  const item = { item_id: 'msg_fake0001', output_index: 0, content_index: 0 };
  const whole = texts.join('');
  const steps = [
    { type: 'response.created', response: responseObject('', { status: 'in_progress', output: [], usage: null }) },
    {
      type: 'response.output_item.added',
      output_index: 0,
      item: { id: 'msg_fake0001', type: 'message', role: 'assistant', status: 'in_progress', content: [] },
    },
    { type: 'response.content_part.added', ...item, part: { type: 'output_text', text: '', annotations: [] } },
    ...texts.map((delta) => ({ type: 'response.output_text.delta', ...item, delta, logprobs: [] })),
    { type: 'response.output_text.done', ...item, text: whole, logprobs: [] },
    { type: 'response.content_part.done', ...item, part: { type: 'output_text', text: whole, annotations: [] } },
    { type: 'response.output_item.done', output_index: 0, item: responseObject(whole).output[0] },
    { type: 'response.completed', response: responseObject(whole) },
  ];
  return steps.map(
    (step, index) => `event: ${step.type}\ndata: ${JSON.stringify({ ...step, sequence_number: index })}\n\n`,
  );
}

export function textCompletion(text, finishReason = 'stop') {
  return {
    id: 'cmpl-fake0001',
    object: 'text_completion',
    created: kCreated,
    model: 'gpt-3.5-turbo-instruct',
    choices: [{ index: 0, text, logprobs: null, finish_reason: finishReason }],
  };
}

export function moderation(flagged = false) {
  return {
    id: 'modr-fake0001',
    model: 'omni-moderation-latest',
    results: [
      {
        flagged,
        categories: { violence: flagged },
        category_scores: { violence: flagged ? 0.98 : 0.01 },
        category_applied_input_types: { violence: ['text'] },
      },
    ],
  };
}

export function apiError(message, type, { param = null, code = null } = {}) {
  return { error: { message, type, param, code } };
}
